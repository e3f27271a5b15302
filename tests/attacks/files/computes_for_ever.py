"""Never returns."""
# family: resources
# layer: limits
# expect: did not return within


def linear(x, w):
    while True:
        pass

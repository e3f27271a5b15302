"""The cell itself never ends, and answers interrupts with another round."""

# family: resources
# layer: limits
# expect: did not finish within
while True:
    try:
        while True:
            pass
    except BaseException:
        continue

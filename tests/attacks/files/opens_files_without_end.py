"""Opens files until something stops it."""
# family: resources
# layer: limits
# expect: refused: OSError


def hoard():
    kept = []
    while True:
        kept.append(open("/dev/null"))


attempt(hoard)

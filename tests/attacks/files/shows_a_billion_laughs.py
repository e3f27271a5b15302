"""Shows an object whose representation doubles with each level."""

# family: resources
# layer: limits
# expect: (did not finish|MemoryError|output cut|Crash)
laugh = "ha"
for _ in range(30):
    laugh = [laugh, laugh]
laugh

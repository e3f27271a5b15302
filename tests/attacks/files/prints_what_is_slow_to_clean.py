"""Prints nearly a path, over and over: text that is searched for paths must not take time without end."""

# family: resources
# layer: wire
# expect: .
print("/" * 190_000)
print("/a/autograder" * 10)

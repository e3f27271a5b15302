"""Shows a picture that is nothing but spaces: whoever looks for base64 in it must not try every way to divide them."""

# family: outputs
# layer: host
# expect: .
from IPython.display import display

display({"image/png": " " * 2_000_000 + "!"}, raw=True)


def linear(x, w):
    return x + 1

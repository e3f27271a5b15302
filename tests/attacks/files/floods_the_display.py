"""Shows a hundred thousand things."""

# family: resources
# layer: limits
# expect: (output cut here|did not finish|too large)
from IPython.display import HTML, display

for number in range(100_000):
    display(HTML("<b>" + "x" * 10_000 + f"{number}</b>"))

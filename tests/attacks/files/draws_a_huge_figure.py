"""Draws a picture of ten gigapixels."""

# family: resources
# layer: limits
# expect: (MemoryError|ValueError|did not finish|too large)
import matplotlib.pyplot as plt

plt.figure(figsize=(1000, 1000), dpi=100)
plt.plot([0, 1])
plt.show()

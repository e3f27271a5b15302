"""The seam to nbgrader: the only modules of the package that import nbgrader, and nothing above them does."""

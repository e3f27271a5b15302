"""`autograder` and `python -m autograder`."""

from autograder.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()

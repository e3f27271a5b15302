"""Writes digits.npz: the 1,797 digits of scikit-learn's `load_digits`, shuffled once, as small integers.

Run it in this folder with scikit-learn installed. The archive is not compressed: its bytes depend on no zlib version.
"""

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

HELD_OUT = 360
SHUFFLE_SEED = 1986


def write_digits(path: Path) -> str:
    """Write the archive and return its SHA-256."""
    bunch = load_digits()
    order = np.random.RandomState(SHUFFLE_SEED).permutation(len(bunch.target))
    images = bunch.images.astype(np.uint8)[order]  # (1797, 8, 8), ink from 0 to 16
    labels = bunch.target.astype(np.uint8)[order]  # (1797,)
    np.savez(
        path,
        x_train=images[:-HELD_OUT].reshape(-1, 64),
        y_train=labels[:-HELD_OUT],
        x_test=images[-HELD_OUT:].reshape(-1, 64),
        y_test=labels[-HELD_OUT:],
    )
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(write_digits(Path("digits.npz")))

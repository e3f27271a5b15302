"""Writes names.txt: the distinct first names of the 1990 US Census as the package `names` carries them, lower case, shuffled once.

Run it in this folder with names 0.3.0 installed. The order is decided by SHA-256 of the name, so it depends on no random generator:
the first 4,647 names are for training, the other 516 are held out.
"""

import hashlib
from importlib.resources import files
from pathlib import Path


def read_names() -> list[str]:
    """The distinct names of both tables; a line there holds the name, its frequency, and two more numbers."""
    tables = [files("names").joinpath(f"dist.{kind}.first").read_text(encoding="ascii") for kind in ("female", "male")]
    return sorted({line.split()[0].lower() for table in tables for line in table.splitlines() if line.strip()})


def write_names(path: Path) -> str:
    """Write one name a line and return the file's SHA-256."""
    shuffled = sorted(read_names(), key=lambda name: hashlib.sha256(f"03-rnn {name}".encode()).hexdigest())
    path.write_bytes("".join(f"{name}\n" for name in shuffled).encode("ascii"))
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(write_names(Path("names.txt")))

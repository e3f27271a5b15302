"""Throws mutilated frames at the wire decoder and mutilated notebooks at the reader: only the documented exceptions may come out.

`python -m tests.attacks.fuzz --frames N --notebooks N --seed S` prints a summary; it exits with 1 when there is a finding.
"""

import argparse
import json
import random
import resource
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgpack
import numpy as np
import torch

from autograder import wire
from autograder.submission import Reference, ReferenceCell, cells_to_run, read_submission

#: More than the largest frame and all that is made of it; a decoder that is led astray asks for far more.
MEMORY_BYTES: Final = 3 << 30
SLOW_SECONDS: Final = 5.0
TAGS: Final = (
    "list",
    "tuple",
    "dict",
    "int",
    "complex",
    "opaque",
    "ndarray",
    "scalar",
    "tensor",
    "value",
    "raw",
    "__init__",
    "",
    "nothing",
)
NUMBERS: Final = (0, 1, -1, 7, 255, 1 << 16, (1 << 31) - 1, 1 << 31, 1 << 40, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1)
TEXTS: Final = (
    "",
    "<f8",
    "|u1",
    "<i16",
    "<c32",
    "<f16",
    "|b1",
    "<u0",
    "float32",
    "bool",
    "bfloat16",
    "O",
    "9" * 500,
    "١٢",
    "\x00",
    "é" * 9,
)

Finding = tuple[str, str]


def any_value(rng: random.Random, depth: int = 0) -> Any:
    """A value that `encode` takes."""
    leaves: list[Callable[[], Any]] = [
        lambda: rng.choice([None, True, -0.0, float("nan"), "wörds\0", b"\xff", 3 + 4j, 1 << 200, np.float32(2), np.int8(-3)]),
        lambda: rng.choice(NUMBERS),
        lambda: np.zeros(rng.choice([(), (0,), (3,), (2, 0, 5), (2, 3)]), rng.choice(["f8", "f4", "i8", "u1", "?", "c16", "f2"])),
        lambda: torch.ones(rng.choice([(), (0,), (2, 2)]), dtype=rng.choice([torch.float32, torch.bfloat16, torch.bool, torch.int64])),
        lambda: wire.Opaque("thing"),
    ]
    if depth > 3 or rng.random() < 0.4:
        return rng.choice(leaves)()
    items = [any_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return rng.choice([list, tuple, lambda values: {str(i): v for i, v in enumerate(values)}])(items)  # type: ignore[operator]


def any_tree(rng: random.Random, depth: int = 0) -> Any:
    """A header's tree that is nearly one that `encode` writes, or not at all."""
    choice = rng.randrange(9)
    if depth > 5 or choice == 0:
        return rng.choice([*NUMBERS, *TEXTS, None, True, 0.5, b"", b"12345678"])
    if choice == 1:
        shape = [rng.choice(NUMBERS) for _ in range(rng.randrange(4))]
        return [rng.choice(["ndarray", "tensor"]), rng.choice(TEXTS), shape, rng.choice(NUMBERS)]
    if choice == 2:
        return [rng.choice(["scalar", "int", "opaque", "complex"]), *(rng.choice([*TEXTS, *NUMBERS]) for _ in range(rng.randrange(4)))]
    if choice == 3:
        pairs = [[any_tree(rng, depth + 1) for _ in range(rng.choice([2, 2, 2, 1, 3]))] for _ in range(rng.randrange(3))]
        return ["dict", pairs]
    children = [any_tree(rng, depth + 1) for _ in range(rng.randrange(4))]
    return [rng.choice(TAGS), children] if choice < 7 else children


def any_frame(rng: random.Random) -> tuple[bytes, bytes]:
    """A header and the buffers after it."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(rng.randrange(60)), rng.randbytes(rng.randrange(20))
    if kind == 1:
        sizes = [rng.choice([0, 8, 16, *NUMBERS]) for _ in range(rng.randrange(3))]
        return msgpack.packb([any_tree(rng), sizes]), bytes(sum(size for size in sizes if 0 <= size < 1000))
    header, buffers = wire.encode(any_value(rng))
    data = b"".join(bytes(buffer) for buffer in buffers)
    return (mutilated(rng, header), data) if kind == 2 else (header, mutilated(rng, data))


def mutilated(rng: random.Random, data: bytes) -> bytes:
    """`data` with bytes changed, cut out, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(changed) + 1)
        match rng.randrange(5):
            case 0:
                changed[place : place + 1] = rng.randbytes(1)
            case 1:
                del changed[place : place + rng.randrange(1, 9)]
            case 2:
                changed[place:place] = changed[max(0, place - rng.randrange(1, 30)) : place]
            case 3:
                changed[place : place + 4] = struct.pack("!I", rng.choice(NUMBERS) & 0xFFFFFFFF)
            case _:
                del changed[place:]
    return bytes(changed)


def fuzz_frames(rng: random.Random, number: int) -> tuple[Counter[str], list[Finding]]:
    """What became of `number` frames, and what should not have."""
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    for _ in range(number):
        header, buffers = any_frame(rng)
        started = time.monotonic()
        try:
            wire.encode(wire.decode(header, buffers))
            outcomes["read"] += 1
        except wire.WireError:
            outcomes["refused"] += 1
        except BaseException:
            findings.append((traceback.format_exc(), repr((header, buffers))[:2000]))
        if time.monotonic() - started > SLOW_SECONDS:
            findings.append(("took too long", repr((header, buffers))[:2000]))
    return outcomes, findings


def reference() -> Reference:
    """A released assignment with two stubs and their grade cells."""
    cells = []
    for name in ("linear", "square"):
        stub = {"grade_id": name, "cell_type": "code", "grade": False, "solution": True, "locked": False, "schema_version": 3}
        test = {
            "grade_id": f"test_{name}",
            "cell_type": "code",
            "grade": True,
            "solution": False,
            "locked": True,
            "points": 5,
            "schema_version": 3,
        }
        cells += [
            ReferenceCell(name, f"def {name}(x):\n    raise NotImplementedError()", stub),
            ReferenceCell(f"test_{name}", "assert 1", test),
        ]
    return Reference("tiny", {"display_name": "Python 3", "language": "python", "name": "python3"}, cells)


def a_notebook(rng: random.Random) -> Any:
    """A submission as JSON, with a few of its values replaced by others."""
    cells = [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title"},
        *(
            {
                "cell_type": "code", "id": grade_id, "execution_count": 1, "outputs": [], "source": ["def f(x):\n", "    return x\n"],
                "metadata": {"tags": ["capstone"], "nbgrader": {"grade_id": grade_id, "grade": grade_id.startswith("test"), "points": 5}},
            }
            for grade_id in ("linear", "test_linear", "square", "test_square", "linear")
        ),
    ]  # fmt: skip
    notebook: Any = {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
    for _ in range(rng.randrange(5)):
        notebook = with_a_change(rng, notebook)
    return notebook


def with_a_change(rng: random.Random, value: Any) -> Any:
    """`value` with something in it replaced."""
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        value[key] = with_a_change(rng, value[key])
        if isinstance(value, dict) and rng.random() < 0.1:
            del value[key]
        return value
    nest: Any = "x"
    for _ in range(rng.choice([1, 50, 400])):
        nest = [nest] if rng.random() < 0.9 else {"k": nest}
    return rng.choice(
        [None, True, 0, 1e308, float("nan"), 10**400, "", "\ud800", "x" * 100_000, [], {}, [[]], "../../etc", "test_linear", nest]
    )


def fuzz_notebooks(rng: random.Random, number: int, folder: Path) -> tuple[Counter[str], list[Finding]]:
    """What became of `number` notebooks, and what should not have."""
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    path, released = folder / "tiny.ipynb", reference()
    for _ in range(number):
        text = json.dumps(a_notebook(rng)).encode()
        path.write_bytes(mutilated(rng, text) if rng.random() < 0.3 else text)
        try:
            submission = read_submission(path, released)
            cells_to_run(submission.notebook)
            json.dumps(submission.notebook).encode()
            graded = [c for c in submission.notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade")]
            if sorted(c["metadata"]["nbgrader"]["grade_id"] for c in graded) != ["test_linear", "test_square"]:
                findings.append(("a grade cell is missing or doubled", path.read_text()[:2000]))
            outcomes["unreadable" if submission.problem else "mended" if submission.notes else "read"] += 1
        except BaseException:
            findings.append((traceback.format_exc(), repr(path.read_bytes())[:2000]))
    return outcomes, findings


def main() -> int:
    """Reads the arguments, runs both, prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--notebooks", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_BYTES, resource.RLIM_INFINITY))
    found: list[Finding] = []
    started = time.monotonic()
    outcomes, findings = fuzz_frames(random.Random(arguments.seed), arguments.frames)
    print(f"{arguments.frames} frames: {dict(outcomes)}, {len(findings)} findings")
    found += findings
    with tempfile.TemporaryDirectory() as folder:
        outcomes, findings = fuzz_notebooks(random.Random(arguments.seed), arguments.notebooks, Path(folder))
    print(f"{arguments.notebooks} notebooks: {dict(outcomes)}, {len(findings)} findings")
    found += findings
    for what, example in found[:10]:
        print(f"\n{what}\n{example}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{time.monotonic() - started:.0f} s, at most {peak} MiB, seed {arguments.seed}: {'FINDINGS' if found else 'nothing found'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Fixtures of the tests at nbgrader's front door: a built course, and fresh copies of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from .tiny import TinyCourse, build_course

CopyOf = Callable[[str], TinyCourse]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """The tiny course, built once; it is only read, and copied."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        return build_course(tmp_path_factory.mktemp("built") / "course")


@pytest.fixture(scope="session")
def fresh_course(built: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> CopyOf:
    """A function that makes a copy of the built course, in a folder of its own."""

    def copy(name: str) -> TinyCourse:
        return TinyCourse(shutil.copytree(built.root, tmp_path_factory.mktemp(name) / "course"))

    return copy


@pytest.fixture
def course(fresh_course: CopyOf, tmp_path: Path) -> TinyCourse:
    """A copy of the built course for one test."""
    return fresh_course("one")

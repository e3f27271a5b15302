"""Hostile submissions: each is graded like any other, and must earn nothing, learn nothing, break nothing and leave nothing behind."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from autograder.model import Outcome
from tests.attacks.stage import POINTS, Attack, Stage, canonical, points_of, read_attacks

#: The trusted worker's memory for the sake of one message, and the text of one report.
MOST_BYTES: Final = 1536 << 20
MOST_TOLD: Final = 12 << 20

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("attacks")]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One worker for all attacks: what one of them leaves behind, the next clean submission would show."""
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def settled(stage: Stage) -> None:
    """An attack that got through is not to be blamed on the next."""
    stage.listeners.heard.clear()
    stage.settle()


def test_a_clean_submission(stage: Stage) -> None:
    """Without an attack every exercise earns all its points."""
    assert points_of(stage.grade(stage.job()).exercises) == POINTS


@pytest.mark.parametrize("attack", read_attacks(), ids=lambda attack: attack.name)
def test_attack(stage: Stage, attack: Attack, settled: None) -> None:
    """The attacked exercise earns nothing, the others keep their points, nothing leaks, nothing stays."""
    worker, started = stage.worker._process.pid, time.monotonic()
    report = stage.grade(stage.job(attack))
    seconds, told = time.monotonic() - started, json.dumps(report.as_dict(), ensure_ascii=False)

    points, exercise = points_of(report.exercises), attack.says("exercise", "linear")
    assert points[exercise] == 0.0
    assert attack.says("others") == "harmed" or points == POINTS | {exercise: 0.0}
    assert all(e.outcome is not Outcome.UNGRADABLE for e in report.exercises)
    assert re.search(attack.says("expect", "."), told), told[:3000]
    assert "GOT THROUGH" not in told
    assert len(told) < MOST_TOLD
    assert stage.leaked(report) == []
    assert stage.listeners.heard == []
    assert stage.left_running() == []
    assert stage.fingerprint() == stage.before
    assert stage.highest_bytes() < MOST_BYTES
    assert seconds < float(attack.says("seconds", "6"))
    assert stage.worker._process.pid == worker, "the grading process had to be replaced"
    assert canonical(stage.grade(stage.job())) == stage.clean


def test_every_attack_says_what_it_tries() -> None:
    """Each file begins with a docstring and names its family; there are at least eighty."""
    attacks = read_attacks()
    assert len(attacks) >= 80
    assert [a.name for a in attacks if not re.match(r'(%%.*\n)?"""', a.source) or not a.says("family")] == []


def test_nothing_is_left_when_the_worker_closes(stage: Stage, tmp_path: Path) -> None:
    """After the last attack and the worker's end its temporary folder is empty."""
    stage.worker.close()
    assert list(stage.temporary.iterdir()) == []

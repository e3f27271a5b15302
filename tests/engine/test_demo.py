"""The demo class: made from a lesson and its catalogue, handed in like any other, and never in a folder of someone else's."""

import json
import shutil
from pathlib import Path

import pytest

from autograder.demo import PEOPLE, make_demo
from autograder.errors import CourseError
from autograder.nbgrader.class_run import grade_class
from autograder.source import parse_script, render_notebook
from tests.engine.conftest import make_suite

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]

SCRIPT = '''\
# %% [markdown]
# # A tiny lesson

# %%
import numpy as np

# %% [markdown]
# ## Exercise 1 · `linear` (60 points)

# %% exercise="linear"
def linear(x, w):
    """x @ w."""
    ### BEGIN SOLUTION
    y = x @ w
    return y
    ### END SOLUTION

# %% test="linear" points=60
assert linear(np.ones((2, 3)), np.ones((3, 4))).shape == (2, 4), "one row for each example"

# %% [markdown]
# ## Exercise 2 · `twice` (40 points)

# %% exercise="twice"
def twice(x):
    """Two times x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="twice" points=40
assert twice(1) == 2, "one and one"

# %% tags=["capstone"]
print("the long run")
'''

MISTAKES = """\
from autograder.catalogue import Mistake
MISTAKES = [
    Mistake("linear-plus", "linear", "w is added", "Multiply.", [("y = x @ w", "y = x[:, :1] + w[:1]")]),
    Mistake("linear-none", "linear", "nothing comes back", "Return it.", [("return y", "pass")]),
    Mistake("twice-square", "twice", "x is squared", "Add.", [("2 * x", "x * x")]),
    Mistake("twice-once", "twice", "x is left as it is", "Add.", code="def twice(x): return x"),
]
"""

STYLES = """\
from autograder.catalogue import Style
STYLES = [
    Style("linear-einsum", "linear", "def linear(x, w): return np.einsum('nd,dm->nm', x, w)"),
    Style("twice-sum", "twice", "twice = lambda x: x + x"),
]
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one tiny assignment with a catalogue."""
    root = tmp_path_factory.mktemp("tiny")
    suite = make_suite(root / "autograder" / "suites" / "01-tiny")
    (suite / "mistakes.py").write_text(MISTAKES)
    (suite / "styles.py").write_text(STYLES)
    (root / "source" / "01-tiny").mkdir(parents=True)
    (root / "source" / "01-tiny" / "tiny.py").write_text(SCRIPT)
    (root / "source" / "01-tiny" / "tiny.ipynb").write_text(render_notebook(parse_script(SCRIPT)))
    shutil.copy(PROJECT / "nbgrader_config.py", root)
    return root


@pytest.fixture(scope="module")
def demo(course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo class of that course, handed in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path_factory.mktemp("jupyter")))
        make_demo(course, course / "demo")
    return course / "demo"


def test_at_least_eight_hand_in(demo: Path) -> None:
    """Everybody hands in work, each in a folder of their own."""
    found = {folder.parent.name for folder in (demo / "submitted").glob("*/01-tiny") if (folder / "tiny.ipynb").is_file()}
    assert found == set(PEOPLE)
    assert len(found) >= 8


def test_the_class_is_believable(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Solved and solved in another style earn everything, untouched nothing, mistakes something; one needs a person."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(demo / "jupyter"))
    graded = {item.student: item for item in grade_class(demo, workers=1)}
    points = {name: [line["points"] for line in item.lines] for name, item in graded.items()}
    assert set(points) == set(PEOPLE)
    assert points["ada"] == points["jonas"] == [60, 40]
    assert points["boris"] == points["farid"] == points["kim"] == [0, 0]
    assert points["chen"] == [60, 0]
    assert points["ines"] == [None, None]
    assert 0 < sum(points["dalia"]) < 100
    assert 0 < sum(points["emeka"]) < 100
    assert points["greta"] == points["hugo"] == [60, 0]
    assert [line["outcome"] for line in graded["hugo"].lines] == ["passed", "timeout"]


def test_submissions_hold_no_secret(demo: Path) -> None:
    """Boris hands in what was released, byte for byte but for the layout: the demo is made from the release, not from the source."""
    handed_in = json.loads((demo / "submitted" / "boris" / "01-tiny" / "tiny.ipynb").read_bytes())
    assert handed_in == json.loads((demo / "assignments" / "01-tiny" / "tiny.ipynb").read_bytes())
    assert "y = x @ w" not in str(handed_in)


@pytest.mark.parametrize("content", ["thesis.txt", ".hidden", "submitted/ada/x"])
def test_a_foreign_folder_is_refused(course: Path, tmp_path: Path, content: str) -> None:
    """A folder with anything in it that is not an earlier demo is left as it is."""
    file = tmp_path / "mine" / content
    file.parent.mkdir(parents=True)
    file.write_text("precious")
    with pytest.raises(CourseError, match="is not empty and not an earlier demo"):
        make_demo(course, tmp_path / "mine")
    assert file.read_text() == "precious"
    assert [path for path in (tmp_path / "mine").rglob("*") if path.is_file()] == [file]


@pytest.mark.parametrize(("start", "into"), [("demo", "demo"), (".", "source/demo"), ("no-course", "new")])
def test_a_course_is_never_replaced(course: Path, start: str, into: str) -> None:
    """A demo made of itself, inside the sources, or outside a course is refused before anything is touched."""
    (course / "no-course").mkdir(exist_ok=True)
    if start == "demo" and not (course / "demo").is_dir():
        make_demo(course, course / "demo")
    before = sorted(course.rglob("*"))
    with pytest.raises(CourseError, match=r"--into|--course"):
        make_demo(course / start, course / into)
    assert sorted(course.rglob("*")) == before

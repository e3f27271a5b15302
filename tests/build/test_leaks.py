"""The leak audit: clean on a real release, and it finds each kind of secret that is planted there."""

import json
import shutil

import pytest

from autograder.build import audit


@pytest.fixture
def release(built_course, tmp_path):
    """A copy of a real release, to plant secrets in."""
    return shutil.copytree(built_course.places().release, tmp_path / "release")


@pytest.fixture
def find(built_course, release):
    """The leaks found in the release as it now stands, in one text."""
    return lambda: "\n".join(audit(built_course.root, "01-tiny", release))


def change_cell(release, cell_id, **changes):
    """Changes one cell of the released notebook."""
    path = release / "tiny.ipynb"
    notebook = json.loads(path.read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == cell_id).update(changes)
    path.write_text(json.dumps(notebook))


def test_release_is_clean(find):
    """What the build releases holds no secret, though it shares lines with the solution's notebook."""
    assert find() == ""


def test_solution_as_release_is_found(built_course):
    """The solutions folder handed to students by mistake is one long list of leaks."""
    leaks = audit(built_course.root, "01-tiny", built_course.places().solution)
    assert sum("a line of the solution" in leak for leak in leaks) == 3


@pytest.mark.parametrize(
    ("changes", "leak"),
    [
        ({"source": ["    ### BEGIN SOLUTION\n"]}, "the marker «BEGIN SOLUTION»"),
        ({"source": ["### BEGIN HIDDEN TESTS"]}, "the marker «BEGIN HIDDEN TESTS»"),
        ({"source": "def f():\n    return product_of_rows + b"}, "a line of the solution: «return product_of_rows + b»"),
        ({"source": ["def f():\n", "\treturn product_", "of_rows + b\n"]}, "a line of the solution"),
        ({"metadata": {"answer": "product_of_rows = x @ w"}}, "a line of the solution: «product_of_rows = x @ w»"),
        ({"metadata": {"product_of_rows = x @ w": 1}}, "a line of the solution"),
        ({"source": "secret_expected_value = student.compare(rng)"}, "a line of the hidden suite, test_square.py"),
        ({"outputs": [{"output_type": "stream", "name": "stdout", "text": "1"}]}, "cell 5 (id test_linear) has outputs"),
        ({"execution_count": 3}, "cell 5 (id test_linear) has outputs or an execution count"),
        ({"source": "open('/home/ada/course/words.csv')"}, "the absolute path «/home/ada/course/words.csv»"),
        ({"metadata": {"from": "C:\\Users\\ada"}}, "the absolute path «C:\\Users\\ada»"),
    ],
)
def test_planted_cell_is_found(release, find, changes, leak):
    """A secret in a cell is found in its source, its metadata and its outputs, however the JSON cuts it up."""
    change_cell(release, "test_linear", **changes)
    assert f"tiny.ipynb: {leak}" in find()


@pytest.mark.parametrize(
    ("name", "content", "leak"),
    [
        ("tiny.py", "x = 1", "tiny.py: Python files are never released"),
        ("figures/cache.pyc", "x = 1", "figures/cache.pyc: Python files are never released"),
        ("words.csv", "the product_of_rows = x @ w of it", "words.csv: a line of the solution"),
        ("notes.txt", "### BEGIN SOLUTION", "notes.txt: the marker «BEGIN SOLUTION»"),
        ("LICENCES.md", "made in /opt/course/data", "LICENCES.md: the absolute path «/opt/course/data»"),
    ],
)
def test_planted_file_is_found(release, find, name, content, leak):
    """A secret in a file beside the notebook is found, at any depth."""
    (release / name).parent.mkdir(exist_ok=True)
    (release / name).write_text(content)
    assert leak in find()


def test_own_folder_is_found(built_course, release, find):
    """The course's own folder is a secret wherever it lies, and even if the lesson itself names it."""
    (release / "words.csv").write_text(f"a,{built_course.root}/words.csv")
    assert f"words.csv: the absolute path «{built_course.root}»" in find()


@pytest.mark.parametrize("text", ["and/or", "see https://example.org/home/page", "import matplotlib.pyplot as plt", "a/usr/b", "y = 1"])
def test_harmless_text_is_no_leak(release, find, text):
    """A slash in prose, a link, a short line, a line that the lesson itself shows: no leak."""
    change_cell(release, "test_linear", source=text)
    assert find() == ""

"""The checks of the build: each law of the course, broken once, has its own message."""

import pytest

from autograder.build import check
from autograder.errors import CourseError

from .conftest import SCRIPT

PROBLEMS = {
    "no suite": ('"square"', '"cube"', "the exercise `cube` has no hidden suite: write autograder/suites/01-tiny/test_cube.py"),
    "no exercise": ('"square"', '"cube"', "test_square.py tests no exercise of this lesson"),
    "points": ("points=40", "points=30", "the points add up to 90, not 100"),
    "zero points": ("points=40", "points=0", "the grade cell of `square` has no points"),
    "no grade cell": ('test="linear" points=60', 'tags=["x"]', "the exercise `linear` has no grade cell after it"),
    "no stub": ('exercise="linear"', 'tags=["x"]', "the grade cell of `linear` must come next after its stub"),
    "wrong order": ('test="linear"', 'test="square"', "the grade cell of `square` must come next after its stub"),
    "text stub": ('# %% exercise="linear"', '# %% [markdown] exercise="linear"', "`linear` is a text cell"),
    "bad name": ('exercise="linear"', 'exercise="linear regression"', "needs a name of small letters"),
    "no markers": ("    ### BEGIN SOLUTION\n    return x", "    return x", "the stub `square` has unbalanced markers"),
    "no solution": (
        "    ### BEGIN SOLUTION\n    return x * x + 0 * np.pi\n    ### END SOLUTION",
        "    ...",
        "the stub `square` has no solution between",
    ),
    "swapped markers": (
        "### BEGIN SOLUTION\n    product_of_rows = x @ w\n    return product_of_rows + b\n    ### END",
        "### END SOLUTION\n    return 1\n    ### BEGIN",
        "the stub `linear` has unbalanced markers",
    ),
    "stray markers": ("plt.show()", "### BEGIN SOLUTION\nplt.show()\n### END SOLUTION", "has solution markers but is no stub"),
    "hidden tests": ("plt.show()", "### BEGIN HIDDEN TESTS", "hidden tests belong into the suite"),
    "heading name": ("2 · `square`", "2 · `cube`", "make it «## Exercise … · `square` (40 points)»"),
    "heading points": ("`square` (40", "`square` (50", "make it «## Exercise … · `square` (40 points)»"),
    "no capstone": ('tags=["capstone"]', 'tags=["long"]', "no cell is tagged as the capstone"),
    "capstone stub": ('test="square"', 'test="square" tags=["capstone"]', "the cell `test_square` is tagged capstone"),
    "download": ("plt.show()", 'open("https://example.org/data.csv")', "holds https://example.org/data.csv"),
}


@pytest.mark.parametrize(("old", "new", "problem"), PROBLEMS.values(), ids=PROBLEMS)
def test_broken_lesson_is_refused(course, old, new, problem):
    """Each law of the course has its own message, which names the script."""
    count = 2 if problem.startswith(("the exercise `cube`", "test_square.py")) else 1
    text = course.places().script.read_text()
    assert text.count(old) == count
    course.places().script.write_text(text.replace(old, new))
    with pytest.raises(CourseError) as caught:
        course.build()
    assert problem in str(caught.value)
    assert "source/01-tiny/tiny.py: " in str(caught.value)


def test_sound_lesson_has_no_problems(course):
    """The lesson that the other tests break is whole."""
    course.build()
    assert check(course.root, "01-tiny") == []


def test_exercise_name_is_unique_in_the_course(course):
    """Two assignments cannot both have an exercise `square`: ids of mistakes and reports would clash."""
    course.add("02-next", SCRIPT.replace('"linear"', '"other"').replace("`linear`", "`other`"), ("other", "square"))
    with pytest.raises(CourseError, match="the exercise `square` is also in 02-next: rename one of the two"):
        course.build("01-tiny")


@pytest.mark.parametrize(
    ("name", "problem"),
    [("numbers.csv", "numbers.csv has no line in LICENCES.md"), ("copy.ipynb", "copy.ipynb stands beside tiny.ipynb")],
)
def test_stray_files_are_refused(course, name, problem):
    """What would go out to students unexplained, or as a second notebook, stops the build."""
    (course.places().source / name).write_text("{}")
    with pytest.raises(CourseError, match=problem):
        course.build()


def test_all_problems_are_told_at_once(course):
    """One run of the build lists everything that is to be done, in every assignment."""
    course.change("points=40", "points=30")
    course.change('tags=["capstone"]', 'tags=["long"]')
    (course.root / "source" / "02-empty").mkdir()
    with pytest.raises(CourseError) as caught:
        course.build()
    parts = ("add up to 90", "no cell is tagged", "empty.py is missing", "(30 points)")
    assert all(part in str(caught.value) for part in parts)
    assert course.read_results() == {}


def test_unknown_assignment_is_refused(course):
    """A mistyped name is answered with the names there are."""
    with pytest.raises(CourseError, match=r"no assignment 01-teeny in source/. Choose from 01-tiny"):
        course.build("01-teeny")

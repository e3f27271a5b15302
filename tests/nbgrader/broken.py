"""Submissions with one fault each, named after it: what students really hand in when something went wrong.

Each builder gets the folder to hand in and the released notebook with right answers in it, and writes what is submitted.
"""

import copy
import gzip
import json
import random
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .tiny import FULL, NOTHING, RIGHT, UNGRADABLE, Notebook, cell_of, write_notebook

__all__ = ["BROKEN", "Fault"]

#: The stubs as nbgrader releases them.
UNTOUCHED: Final = 'def linear(x, w, b):\n    """x @ w + b, without changing x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
UNTOUCHED_SQUARE: Final = 'def square(x):\n    """x times x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'
#: Right answers that need a value or a library's function of their own.
SCALED: Final = "def linear(x, w, b):\n    return scale * (x @ w) + b\n"
STARRED: Final = "def linear(x, w, b):\n    return sum(x[:, :, None] * w[None], axis=1) + b\n"
UNREADABLE: Final = "can't be read as a notebook"

Points = dict[str, float] | dict[str, None]


@dataclass(frozen=True)
class Fault:
    """A builder, the points that its submission is due, and words that must stand on the feedback page."""

    build: Callable[[Path, Notebook], None]
    points: Points
    says: str = "All tests passed"

    @property
    def name(self) -> str:
        """The fault, and the student who hands it in."""
        return self.build.__name__


def nothing_wrong(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny.ipynb", notebook)


def syntax_error_in_one_cell(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "square")["source"] = "def square(x):\n    return (x * x\n"
    write_notebook(folder / "tiny.ipynb", notebook)


def error_in_a_cell_before(folder: Path, notebook: Notebook) -> None:
    notebook["cells"].insert(0, _code("1 / 0"))
    write_notebook(folder / "tiny.ipynb", notebook)


def cell_ends_the_process(folder: Path, notebook: Notebook) -> None:
    notebook["cells"].append(_code("import os\nos._exit(0)"))
    write_notebook(folder / "tiny.ipynb", notebook)


def not_json(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text("Dear course team, my laptop broke.\n")


def empty_file(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text("")


def cut_off_before_the_first_cell(folder: Path, notebook: Notebook) -> None:
    text = json.dumps(notebook)
    (folder / "tiny.ipynb").write_text(text[: text.index("tiny lesson")])


def cut_off_in_the_second_answer(folder: Path, notebook: Notebook) -> None:
    text = json.dumps(notebook)
    (folder / "tiny.ipynb").write_text(text[: text.index("return x * x")])


def binary_garbage(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_bytes(random.Random(0).randbytes(5000))


def json_but_a_list(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text(json.dumps(notebook["cells"]))


def json_without_cells(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text('{"cells": null, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')


def deeply_nested_json(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text("[" * 100_000)


def several_saves_the_last_untouched(folder: Path, notebook: Notebook) -> None:
    text = json.dumps(notebook)
    _empty(notebook)
    (folder / "tiny.ipynb").write_text(text + "\n" + json.dumps(notebook))


def an_empty_object_after_the_notebook(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text(json.dumps(notebook) + "{}")


def conflict_about_execution_counts(folder: Path, notebook: Notebook) -> None:
    """Two people ran the notebook; git left its markers."""
    text = json.dumps(notebook, indent=1)
    ours, theirs = '   "execution_count": 5,\n', '   "execution_count": 7,\n'
    text = re.sub(r' *"execution_count": null,\n', f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> main\n", text)
    (folder / "tiny.ipynb").write_text(text)


def conflict_about_an_answer(folder: Path, notebook: Notebook) -> None:
    line = re.search(r' *"source": "def square.*\n', text := json.dumps(notebook, indent=1))[0]  # type: ignore[index]
    other = line.replace("x * x", "x ** 2")
    (folder / "tiny.ipynb").write_text(text.replace(line, f"<<<<<<< HEAD\n{line}=======\n{other}>>>>>>> main\n"))


def conflict_with_an_untouched_stub(folder: Path, notebook: Notebook) -> None:
    """The assignment was fetched again on one side, with another word in its text; on the other it was solved."""
    text = json.dumps(notebook, indent=1)
    for ours in (r' *"source": "def square.*\n', r".*A tiny lesson.*\n"):
        line = re.search(ours, text)[0]  # type: ignore[index]
        other = f'   "source": {json.dumps(UNTOUCHED_SQUARE)}\n' if "square" in line else line.replace("tiny", "small")
        text = text.replace(line, f"<<<<<<< HEAD\n{line}=======\n{other}>>>>>>> main\n")
    (folder / "tiny.ipynb").write_text(text)


def conflict_about_white_space(folder: Path, notebook: Notebook) -> None:
    line = re.search(r' *"source": "def square.*\n', text := json.dumps(notebook, indent=1))[0]  # type: ignore[index]
    other = line.replace("x * x", "x*x")
    (folder / "tiny.ipynb").write_text(text.replace(line, f"<<<<<<< HEAD\n{line}=======\n{other}>>>>>>> main\n"))


def a_comma_too_many(folder: Path, notebook: Notebook) -> None:
    """A conflict was resolved by hand, in the lines of an answer."""
    cell_of(notebook, "square")["source"] = RIGHT["square"].splitlines(keepends=True)
    text = json.dumps(notebook, indent=1)
    (folder / "tiny.ipynb").write_text(re.sub(r'(return x \* x\\n")\n', r"\1,\n", text))


def a_comma_after_everything(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text(re.sub(r"\n( *[\]}])", r",\n\1", json.dumps(notebook, indent=1)))


def utf_16_without_a_mark(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_bytes(json.dumps(notebook).encode("utf-16-le"))


def text_in_utf_16(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb.txt").write_bytes(json.dumps(notebook).encode("utf-16"))


def zip_from_windows(folder: Path, notebook: Notebook) -> None:
    with zipfile.ZipFile(folder / "hand-in.zip", "w") as archive:
        archive.writestr("01-tiny\\tiny.ipynb", json.dumps(notebook))


def tar_archive(folder: Path, notebook: Notebook) -> None:
    (folder / "hand-in.tar.gz").write_bytes(gzip.compress(json.dumps(notebook).encode()))


def nine_untouched_notebooks_beside(folder: Path, notebook: Notebook) -> None:
    _empty(notebook)
    write_notebook(folder / "tiny.ipynb", notebook)
    for number in range(9):
        write_notebook(folder / f"{number}.ipynb", {**notebook, "cells": [_code(f"x = {number}")]})


def another_notebook_holds_more(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny (1).ipynb", notebook)
    cell_of(notebook, "linear")["source"] = UNTOUCHED
    write_notebook(folder / "tiny.ipynb", notebook)


def thousands_of_cells(folder: Path, notebook: Notebook) -> None:
    notebook["cells"] += [_code("")] * 2100
    write_notebook(folder / "tiny.ipynb", notebook)


def helper_in_a_file_beside(folder: Path, notebook: Notebook) -> None:
    (folder / "helper.py").write_text("def times(x, w):\n    return x @ w\n")
    cell_of(notebook, "linear")["source"] = "from helper import times\n\ndef linear(x, w, b):\n    return times(x, w) + b\n"
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_below_a_magic(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = "%%timeit\n" + RIGHT["linear"]
    write_notebook(folder / "tiny.ipynb", notebook)


def damaged_before_the_answers(folder: Path, notebook: Notebook) -> None:
    """A line of an early cell lost its end."""
    (folder / "tiny.ipynb").write_text(json.dumps(notebook, indent=1).replace('"# A tiny lesson"', '"# A tiny'))


def a_tab_in_a_string(folder: Path, notebook: Notebook) -> None:
    """An editor that is none for JSON was used in an early cell."""
    (folder / "tiny.ipynb").write_text(json.dumps(notebook).replace("# A tiny", "#\tA tiny"))


def nulls_after_the_end(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").write_text(json.dumps(notebook) + "\0" * 3000)


def nbformat_3(folder: Path, notebook: Notebook) -> None:
    cells = [_as_format_3(cell) for cell in notebook["cells"]]
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}
    write_notebook(folder / "tiny.ipynb", old)


def missing_notebook(folder: Path, notebook: Notebook) -> None:
    (folder / "answers.txt").write_text("x times x\n")


def renamed_notebook(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny (1) final.ipynb", notebook)


def two_renamed_notebooks(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "first try.ipynb", notebook)
    cell_of(notebook, "square")["source"] = "def square(x):\n    return x ** 2\n"
    write_notebook(folder / "second try.ipynb", notebook)


def untouched_release_beside_the_answers(folder: Path, notebook: Notebook) -> None:
    """The file as it was fetched, and the one that was worked in."""
    write_notebook(folder / "tiny (1).ipynb", notebook)
    _empty(notebook)
    write_notebook(folder / "tiny.ipynb", notebook)


def untouched_release_beside_two_answers(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny (1).ipynb", notebook)
    cell_of(notebook, "square")["source"] = "def square(x):\n    return x ** 2\n"
    write_notebook(folder / "tiny (2).ipynb", notebook)
    _empty(notebook)
    write_notebook(folder / "tiny.ipynb", notebook)


def same_notebook_twice(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "a.ipynb", notebook)
    write_notebook(folder / "b.ipynb", notebook)


def downloaded_as_text(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny.ipynb.txt", notebook)


def from_a_mac(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny (1).ipynb", notebook)
    (folder / "._tiny (1).ipynb").write_bytes(b"\0\5\x16\7" + b"\0" * 100)


def another_lesson(folder: Path, notebook: Notebook) -> None:
    notebook["cells"] = [_code("def other(x):\n    return x\n")]
    write_notebook(folder / "other.ipynb", notebook)


def extra_notebook(folder: Path, notebook: Notebook) -> None:
    write_notebook(folder / "tiny.ipynb", notebook)
    (folder / "scratch.ipynb").write_text("not even a notebook")


def notebook_is_a_folder(folder: Path, notebook: Notebook) -> None:
    (folder / "tiny.ipynb").mkdir()


def wrong_kernelspec(folder: Path, notebook: Notebook) -> None:
    notebook["metadata"] = {"kernelspec": {"display_name": "Julia 1.9", "language": "julia", "name": "julia-1.9"}}
    write_notebook(folder / "tiny.ipynb", notebook)


def deleted_stub_cell(folder: Path, notebook: Notebook) -> None:
    notebook["cells"].remove(cell_of(notebook, "linear"))
    write_notebook(folder / "tiny.ipynb", notebook)


def deleted_grade_cell(folder: Path, notebook: Notebook) -> None:
    notebook["cells"].remove(cell_of(notebook, "test_linear"))
    write_notebook(folder / "tiny.ipynb", notebook)


def deleted_every_cell(folder: Path, notebook: Notebook) -> None:
    notebook["cells"] = []
    write_notebook(folder / "tiny.ipynb", notebook)


def duplicated_stub_filled_first(folder: Path, notebook: Notebook) -> None:
    _duplicate(notebook, UNTOUCHED, offset=1)
    write_notebook(folder / "tiny.ipynb", notebook)


def duplicated_stub_untouched_first(folder: Path, notebook: Notebook) -> None:
    _duplicate(notebook, UNTOUCHED, offset=0)
    write_notebook(folder / "tiny.ipynb", notebook)


def duplicated_grade_cell(folder: Path, notebook: Notebook) -> None:
    cells = notebook["cells"]
    cells.insert(0, {**copy.deepcopy(cell_of(notebook, "test_linear")), "id": "copy"})
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_merged_into_the_grade_cell(folder: Path, notebook: Notebook) -> None:
    """JupyterLab merges into the active cell, which was the locked one below."""
    stub, test = cell_of(notebook, "linear"), cell_of(notebook, "test_linear")
    test["source"] = "".join(stub["source"]) + "\n\n" + "".join(test["source"])
    notebook["cells"].remove(stub)
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_in_the_grade_cell(folder: Path, notebook: Notebook) -> None:
    """Some editors know no locks: the stub stands as it was, the answer above the examples."""
    test = cell_of(notebook, "test_linear")
    test["source"] = RIGHT["linear"] + "\n" + "".join(test["source"])
    cell_of(notebook, "linear")["source"] = UNTOUCHED
    write_notebook(folder / "tiny.ipynb", notebook)


def helper_in_a_copy_of_a_grade_cell(folder: Path, notebook: Notebook) -> None:
    """A cell was copied for want of an empty one."""
    test = cell_of(notebook, "test_linear")
    notebook["cells"].insert(0, {**copy.deepcopy(test), "id": "copy", "source": "def mine(x):\n    return x * x\n"})
    cell_of(notebook, "square")["source"] = "def square(x):\n    return mine(x)\n"
    write_notebook(folder / "tiny.ipynb", notebook)


def cells_merged(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = RIGHT["linear"] + "\n" + RIGHT["square"]
    notebook["cells"].remove(cell_of(notebook, "square"))
    write_notebook(folder / "tiny.ipynb", notebook)


def cell_split(folder: Path, notebook: Notebook) -> None:
    first = cell_of(notebook, "linear")
    first["source"] = "def add(product, b):\n    return product + b\n"
    second = {**copy.deepcopy(first), "id": "second-half", "source": "def linear(x, w, b):\n    return add(x @ w, b)\n"}
    notebook["cells"].insert(notebook["cells"].index(first) + 1, second)
    write_notebook(folder / "tiny.ipynb", notebook)


def stub_changed_to_markdown(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["cell_type"] = "markdown"
    write_notebook(folder / "tiny.ipynb", notebook)


def cells_without_metadata_and_ids(folder: Path, notebook: Notebook) -> None:
    notebook["cells"] = [{"cell_type": cell["cell_type"], "source": cell["source"]} for cell in notebook["cells"]]
    write_notebook(folder / "tiny.ipynb", notebook)


def cells_of_the_wrong_type(folder: Path, notebook: Notebook) -> None:
    notebook["cells"] += [None, 3, "text", [], {}, {"cell_type": 7, "source": {"a": 1}, "metadata": [], "id": ["x"]}]
    cell_of_strange_metadata = {"cell_type": "code", "source": 5, "metadata": {"nbgrader": "yes", "tags": "capstone"}}
    write_notebook(folder / "tiny.ipynb", {**notebook, "cells": [*notebook["cells"], cell_of_strange_metadata]})


def same_id_everywhere(folder: Path, notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["id"] = "mended"
    write_notebook(folder / "tiny.ipynb", notebook)


def source_as_string(folder: Path, notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    write_notebook(folder / "tiny.ipynb", notebook)


def source_as_list(folder: Path, notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    write_notebook(folder / "tiny.ipynb", notebook)


def huge_output(folder: Path, notebook: Notebook) -> None:
    """Ten megabytes in the file, and again when it is run."""
    noise = "x" * 10_000_000
    stored = [{"output_type": "stream", "name": "stdout", "text": noise}]
    notebook["cells"].append({**_code("print('x' * 10_000_000)"), "outputs": stored})
    write_notebook(folder / "tiny.ipynb", notebook)


def crlf_and_byte_order_mark(folder: Path, notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
    text = json.dumps(notebook, indent=1).replace("\n", "\r\n")
    (folder / "tiny.ipynb").write_bytes(b"\xef\xbb\xbf" + text.encode())


def half_a_character(folder: Path, notebook: Notebook) -> None:
    notebook["cells"].append(_code("# \ud83d"))
    (folder / "tiny.ipynb").write_text(json.dumps(notebook))


def second_try_with_values_of_its_own(folder: Path, notebook: Notebook) -> None:
    """The first is left to stand; what the second needs has the same name."""
    linear = cell_of(notebook, "linear")
    linear["source"] = "scale = 2\n" + SCALED
    notebook["cells"].insert(notebook["cells"].index(linear) + 2, _code("scale = 1\n" + SCALED))
    write_notebook(folder / "tiny.ipynb", notebook)


def second_try_with_a_star_import(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = UNTOUCHED
    notebook["cells"].insert(notebook["cells"].index(cell_of(notebook, "test_linear")) + 1, _code("from numpy import *\n" + STARRED))
    write_notebook(folder / "tiny.ipynb", notebook)


def loop_over_functions(folder: Path, notebook: Notebook) -> None:
    """Its variable is called as a helper."""
    cell_of(notebook, "linear")["source"] = _with_helper("linear", "f")
    notebook["cells"].append(_code("for f in (square, product):\n    print(f.__name__)"))
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_above_its_stub(folder: Path, notebook: Notebook) -> None:
    linear = cell_of(notebook, "linear")
    linear["source"] = UNTOUCHED
    notebook["cells"].insert(notebook["cells"].index(linear), _code(RIGHT["linear"]))
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_in_the_cell_of_the_exercise_before(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = RIGHT["linear"] + "\n" + RIGHT["square"]
    cell_of(notebook, "square")["source"] = UNTOUCHED_SQUARE
    write_notebook(folder / "tiny.ipynb", notebook)


def two_helpers_of_one_name_without_metadata(folder: Path, notebook: Notebook) -> None:
    """As from a service that drops what nbgrader knows a cell by."""
    for name in ("linear", "square"):
        cell_of(notebook, name)["source"] = _with_helper(name, "helper")
    cells_without_metadata_and_ids(folder, notebook)


def star_import_without_metadata(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = STARRED
    notebook["cells"].insert(0, _code("from numpy import *"))
    cells_without_metadata_and_ids(folder, notebook)


def cells_merged_with_a_helper_named_as_the_lessons(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = RIGHT["linear"] + "\n" + _with_helper("square", "product")
    notebook["cells"].remove(cell_of(notebook, "square"))
    write_notebook(folder / "tiny.ipynb", notebook)


def copy_of_the_stub_for_scratch(folder: Path, notebook: Notebook) -> None:
    """A cell was copied for want of an empty one, and keeps the grade_id."""
    for name in ("linear", "square"):
        cell_of(notebook, name)["source"] = _with_helper(name, "helper")
    scratch = "print(linear(np.ones((2, 3)), np.ones((3, 4)), 1))"
    notebook["cells"].append({**copy.deepcopy(cell_of(notebook, "linear")), "id": "copy", "source": scratch})
    write_notebook(folder / "tiny.ipynb", notebook)


def cell_split_in_the_middle_of_a_function(folder: Path, notebook: Notebook) -> None:
    first = cell_of(notebook, "linear")
    first["source"] = "def linear(x, w, b):\n    y = x @ w"
    second = {**copy.deepcopy(first), "id": "second-half", "source": "    return y + b"}
    notebook["cells"].insert(notebook["cells"].index(first) + 1, second)
    write_notebook(folder / "tiny.ipynb", notebook)


def stub_changed_to_markdown_with_a_fence(folder: Path, notebook: Notebook) -> None:
    stub = cell_of(notebook, "linear")
    stub |= {"cell_type": "markdown", "source": "```python\n" + RIGHT["linear"] + "```"}
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_in_a_raw_cell(folder: Path, notebook: Notebook) -> None:
    _answer_elsewhere(notebook, {"cell_type": "raw", "id": "raw", "metadata": {}, "source": RIGHT["linear"]})
    write_notebook(folder / "tiny.ipynb", notebook)


def answer_in_a_text_cell(folder: Path, notebook: Notebook) -> None:
    source = "```python\n" + RIGHT["linear"] + "```"
    _answer_elsewhere(notebook, {"cell_type": "markdown", "id": "text", "metadata": {}, "source": source})
    write_notebook(folder / "tiny.ipynb", notebook)


def tags_lost(folder: Path, notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"].pop("tags", None)
    write_notebook(folder / "tiny.ipynb", notebook)


def everything_is_raw(folder: Path, notebook: Notebook) -> None:
    cell_of(notebook, "linear")["source"] = "def linear(x, w, b):\n    return np.dot(x, w) + b\n"
    for cell in notebook["cells"]:
        cell["cell_type"] = "raw" if cell["cell_type"] == "code" else cell["cell_type"]
    cells_without_metadata_and_ids(folder, notebook)


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "id": "added", "metadata": {}, "outputs": [], "source": source}


def _with_helper(name: str, helper: str) -> str:
    """The right answer, whose work is done by a function called `helper`."""
    return RIGHT[name].replace(f"def {name}", f"def {helper}") + f"\ndef {name}(*arguments):\n    return {helper}(*arguments)\n"


def _answer_elsewhere(notebook: Notebook, cell: dict[str, Any]) -> None:
    cell_of(notebook, "linear")["source"] = UNTOUCHED
    notebook["cells"].append(cell)


def _empty(notebook: Notebook) -> None:
    """Puts the stubs back."""
    cell_of(notebook, "linear")["source"] = UNTOUCHED
    cell_of(notebook, "square")["source"] = UNTOUCHED_SQUARE


def _as_format_3(cell: dict[str, Any]) -> dict[str, Any]:
    if cell["cell_type"] == "markdown":
        return {"cell_type": "markdown", "metadata": cell["metadata"], "source": cell["source"]}
    code = {"cell_type": "code", "collapsed": False, "language": "python", "outputs": []}
    return {**code, "metadata": cell["metadata"], "input": cell["source"]}


def _duplicate(notebook: Notebook, source: str, offset: int) -> None:
    """Puts a second cell with the same grade_id before (0) or after (1) the stub `linear`."""
    original = cell_of(notebook, "linear")
    notebook["cells"].insert(notebook["cells"].index(original) + offset, {**copy.deepcopy(original), "id": "copy", "source": source})


BROKEN: Final = (
    Fault(nothing_wrong, FULL),
    Fault(syntax_error_in_one_cell, {"linear": 60.0, "square": 0.0}, "SyntaxError"),
    Fault(error_in_a_cell_before, FULL, "ZeroDivisionError"),
    Fault(cell_ends_the_process, FULL, "ended the whole process"),
    Fault(not_json, UNGRADABLE, "it is not JSON"),
    Fault(empty_file, UNGRADABLE, "the file is empty"),
    Fault(cut_off_before_the_first_cell, UNGRADABLE, "Was it saved completely"),
    Fault(cut_off_in_the_second_answer, {"linear": 60.0, "square": 0.0}, "the cell is not in what could be read of it"),
    Fault(binary_garbage, UNGRADABLE, UNREADABLE),
    Fault(json_but_a_list, UNGRADABLE, "it is JSON, but not a notebook"),
    Fault(json_without_cells, UNGRADABLE, "it has no cells"),
    Fault(deeply_nested_json, UNGRADABLE, UNREADABLE),
    Fault(several_saves_the_last_untouched, FULL, "several notebooks one after the other"),
    Fault(an_empty_object_after_the_notebook, FULL, "several notebooks one after the other"),
    Fault(conflict_about_execution_counts, FULL, "Git's conflict markers"),
    Fault(conflict_about_an_answer, UNGRADABLE, "differs between the two sides"),
    Fault(conflict_with_an_untouched_stub, FULL, "one side holds an answer where the other holds none"),
    Fault(conflict_about_white_space, FULL, "both sides hold the same code"),
    Fault(a_comma_too_many, FULL, "Commas stood before closing brackets"),
    Fault(a_comma_after_everything, FULL, "Commas stood before closing brackets"),
    Fault(utf_16_without_a_mark, FULL, "saved in UTF-16"),
    Fault(text_in_utf_16, FULL, "tiny.ipynb.txt was taken in its place"),
    Fault(zip_from_windows, FULL, "hand-in.zip/01-tiny/tiny.ipynb"),
    Fault(tar_archive, UNGRADABLE, "Found only hand-in.tar.gz: hand in the .ipynb file itself"),
    Fault(nine_untouched_notebooks_beside, NOTHING, "Not written yet"),
    Fault(another_notebook_holds_more, {"linear": 0.0, "square": 40.0}, "tiny (1).ipynb holds more answers than tiny.ipynb"),
    Fault(thousands_of_cells, FULL, "more than 2000 cells"),
    Fault(helper_in_a_file_beside, FULL),
    Fault(answer_below_a_magic, {"linear": 0.0, "square": 40.0}, "its cell begins with %%timeit"),
    Fault(damaged_before_the_answers, FULL, "the 0 cells before the damage and the"),
    Fault(a_tab_in_a_string, FULL),
    Fault(nulls_after_the_end, FULL, "NUL characters"),
    Fault(nbformat_3, FULL, "old format 3"),
    Fault(missing_notebook, UNGRADABLE, "The submission holds no tiny.ipynb"),
    Fault(renamed_notebook, FULL, "tiny (1) final.ipynb, the only notebook in the submission, was taken in its place"),
    Fault(two_renamed_notebooks, UNGRADABLE, "no other single notebook"),
    Fault(untouched_release_beside_the_answers, FULL, "tiny.ipynb holds no answer; tiny (1).ipynb was taken in its place"),
    Fault(untouched_release_beside_two_answers, UNGRADABLE, "tiny (1).ipynb, tiny (2).ipynb. Which one is meant?"),
    Fault(same_notebook_twice, FULL, "a.ipynb was taken in its place"),
    Fault(downloaded_as_text, FULL, "tiny.ipynb.txt was taken in its place"),
    Fault(from_a_mac, FULL, "the only notebook in the submission, was taken in its place"),
    Fault(another_lesson, UNGRADABLE, "is it another lesson's"),
    Fault(extra_notebook, FULL),
    Fault(notebook_is_a_folder, UNGRADABLE, "The submission holds no tiny.ipynb"),
    Fault(wrong_kernelspec, FULL),
    Fault(deleted_stub_cell, {"linear": 0.0, "square": 40.0}, "The cell linear is missing"),
    Fault(deleted_grade_cell, FULL, "The test cell of linear was missing; it was put back"),
    Fault(deleted_every_cell, UNGRADABLE, "holds no cell and no function of this assignment"),
    Fault(duplicated_stub_filled_first, FULL, "The cell linear occurs more than once"),
    Fault(duplicated_stub_untouched_first, FULL, "The cell linear occurs more than once"),
    Fault(duplicated_grade_cell, FULL),
    Fault(answer_merged_into_the_grade_cell, FULL, "The test cell of linear was changed"),
    Fault(answer_in_the_grade_cell, FULL, "The test cell of linear was changed"),
    Fault(helper_in_a_copy_of_a_grade_cell, FULL, "The test cell of linear was changed"),
    Fault(cells_merged, FULL, "the first cell that defines its functions was taken"),
    Fault(cell_split, FULL, "The cell linear occurs more than once"),
    Fault(stub_changed_to_markdown, FULL),
    Fault(cells_without_metadata_and_ids, FULL, "the first cell that defines its functions was taken"),
    Fault(cells_of_the_wrong_type, FULL),
    Fault(same_id_everywhere, FULL),
    Fault(source_as_string, FULL),
    Fault(source_as_list, FULL),
    Fault(huge_output, FULL, "output cut here"),
    Fault(crlf_and_byte_order_mark, FULL),
    Fault(half_a_character, FULL),
    Fault(second_try_with_values_of_its_own, FULL),
    Fault(second_try_with_a_star_import, FULL),
    Fault(loop_over_functions, FULL),
    Fault(answer_above_its_stub, FULL),
    Fault(answer_in_the_cell_of_the_exercise_before, FULL),
    Fault(two_helpers_of_one_name_without_metadata, FULL, "the first cell that defines its functions was taken"),
    Fault(star_import_without_metadata, FULL, "the first cell that defines its functions was taken"),
    Fault(cells_merged_with_a_helper_named_as_the_lessons, FULL, "the first cell that defines its functions was taken"),
    Fault(copy_of_the_stub_for_scratch, FULL, "The cell linear occurs more than once"),
    Fault(cell_split_in_the_middle_of_a_function, FULL, "its parts were put together again"),
    Fault(stub_changed_to_markdown_with_a_fence, FULL, "had been made a text cell"),
    Fault(answer_in_a_raw_cell, FULL, "stood in a raw cell"),
    Fault(answer_in_a_text_cell, {"linear": 0.0, "square": 40.0}, "seems to stand in a text cell"),
    Fault(tags_lost, FULL),
    Fault(everything_is_raw, FULL, "stood in raw cells"),
)

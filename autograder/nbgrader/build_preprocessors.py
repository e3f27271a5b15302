"""Preprocessors of nbgrader for the build: a lesson's cells in, executed and reproducible ones out."""

import os
import re
from typing import Any

from nbclient.exceptions import CellControlSignal, CellExecutionError, DeadKernelError
from nbgrader.preprocessors import Execute, NbGraderPreprocessor  # type: ignore[import-untyped]
from traitlets import Bool, Dict, List, Unicode

from autograder.errors import CourseError
from autograder.lesson import CAPSTONE

__all__ = ["ExecuteSolution", "ReproducibleNotebook"]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class ExecuteSolution(Execute):  # type: ignore[misc]
    """Runs the cells of a solution but those tagged capstone; a cell that fails is a CourseError that names it."""

    skip_cells_with_tag = Unicode(CAPSTONE).tag(config=True)
    record_timing = Bool(False).tag(config=True)
    store_widget_state = Bool(False).tag(config=True)
    # Without this the kernel warns on our terminal that it talks over TCP, which it does on this machine only.
    extra_arguments = List(["--IPKernelApp.log_level=40"]).tag(config=True)
    error_on_timeout = Dict(
        {"ename": "CellTimeoutError", "evalue": "it ran longer than ExecuteSolution.timeout allows", "traceback": []}
    ).tag(config=True)
    # nbgrader's Execute allows errors, which would publish a traceback as if it were the solution.
    force_raise_errors = Bool(True).tag(config=True)

    def start_new_kernel(self, **kwargs: Any) -> None:
        """Starts the kernel with one thread and a fixed hash seed, for the order of sums and of sets shows in outputs."""
        fixed = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        super().start_new_kernel(env={**os.environ, **fixed}, **kwargs)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """The cell with its outputs."""
        try:
            return super().preprocess_cell(cell, resources, index)  # type: ignore[no-any-return]
        except CellExecutionError as error:
            reason = f"{error.ename}: {error.evalue}"
        except (CellControlSignal, DeadKernelError) as error:
            reason = f"the kernel did not survive it ({error})"
        first_line = cell.source.strip().split("\n", 1)[0]
        raise CourseError(
            f"{resources['nbgrader']['assignment']}: the solution fails at cell {index + 1} (id {cell.id}, «{first_line}»): "
            f"{reason}. Correct it in the script, or tag it {CAPSTONE} if it needs what such a cell makes."
        ) from None


class ReproducibleNotebook(NbGraderPreprocessor):  # type: ignore[misc]
    """Leaves in a notebook only what is the same on every machine: text, without pictures, warnings and addresses."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The notebook with minimal metadata and reproducible outputs."""
        nb.metadata.language_info = {"name": "python"}
        nb.metadata.pop("widgets", None)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = _joined([_plain(output) for output in cell.outputs if output.get("name") != "stderr"])
        return nb, resources


def _plain(output: Any) -> Any:
    """One output with its text only: pictures differ from one library version to the next."""
    if output.output_type == "stream":
        output.text = _ADDRESS.sub("", output.text)
    elif "data" in output:
        output.data = {"text/plain": _ADDRESS.sub("", output.data.get("text/plain", ""))}
        output.metadata = {}
    return output


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with neighbouring pieces of printed text made one: where the kernel cuts depends on timing."""
    joined: list[Any] = []
    for output in outputs:
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined

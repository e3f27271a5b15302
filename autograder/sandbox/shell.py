"""A real IPython session that keeps each cell's outputs as nbformat dictionaries. Runs in the sandbox."""

import ast
import io
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from types import TracebackType
from typing import Any, Final

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Instance, Type
from traitlets.config import Config

__all__ = ["Recorder", "Shell", "make_shell"]

RICH_BYTES: Final = 4 << 20
#: What an output of its own costs, in characters: a page of a thousand is long enough.
EMPTY_OUTPUT: Final = 200
OURS: Final = f"{Path(__file__).parents[1]}/"


class Recorder:
    """The outputs of the cell that is running, in order, cut off at a number of characters for the whole session.

    Each output costs some characters more than its text, so their number has an end too.
    """

    def __init__(self, characters: int) -> None:
        self.left = characters
        self.outputs: list[dict[str, Any]] = []

    def take(self) -> list[dict[str, Any]]:
        """The outputs since the last call."""
        taken, self.outputs = self.outputs, []
        return taken

    def stream(self, name: str, text: str) -> None:
        """Adds printed text; neighbouring pieces of one stream become one output."""
        if self.left <= 0 or not text:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") != "stream" or last["name"] != name:
            last = {"output_type": "stream", "name": name, "text": ""}
            self.outputs.append(last)
            self.left -= EMPTY_OUTPUT
        if len(text) >= self.left:
            text = text[: max(0, self.left)] + "\n… output cut here: the limit for one notebook is reached …\n"
        self.left -= len(text)
        last["text"] += text

    def add(self, output: dict[str, Any]) -> None:
        """Adds an output of another kind, if it is not too large for what is left."""
        size = len(repr(output))
        text = len(str(output["data"].get("text/plain", ""))) if "data" in output else size
        # A picture is worth far fewer characters than its base64 has; it counts for a hundredth.
        cost = EMPTY_OUTPUT + text + size // 100
        if cost >= self.left or size > RICH_BYTES:
            return self.stream("stderr", "… an output was too large to keep …\n")
        self.left -= cost
        self.outputs.append(output)


class _Stream(io.TextIOBase):
    """A text stream that writes into the recorder."""

    encoding = "utf-8"

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name, self._recorder = name, recorder

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.stream(self._name, str(text))
        return len(text)


class _Hook(DisplayHook):
    """Keeps the value of a cell's last expression."""

    shell: Any

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        self.shell.recorder.add(
            {
                "output_type": "execute_result",
                "execution_count": self.prompt_count,
                "data": dict(format_dict),
                "metadata": dict(md_dict or {}),
            }
        )


class _Publisher(DisplayPublisher):
    """Keeps what `display` shows, figures among it."""

    shell: Any

    def publish(self, data, metadata=None, source=None, *, transient=None, update=False, **_):  # type: ignore[no-untyped-def]
        identity = (transient or {}).get("display_id")
        output = {"output_type": "display_data", "data": dict(data), "metadata": dict(metadata or {}), "_id": identity}
        recorder = self.shell.recorder
        if update:
            for earlier in recorder.outputs:
                if earlier.get("_id") == identity is not None:
                    earlier.update(data=output["data"], metadata=output["metadata"])
        else:
            recorder.add(output)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.recorder.outputs.clear()


class _Compiler(CachingCompiler):
    """Gives each cell's code the name of the cell, so that a traceback can be told to the student."""

    cell_name = "cell"
    #: How many lines of the cell stand above what its `%%time` runs; 0 if it has none.
    lines_above = 0

    def begin(self, name: str, source: str) -> None:
        """From here on the cell `name` is compiled."""
        above = re.match(r"\s*%%time\b[^\n]*\n", source)
        self.cell_name, self.lines_above = name, above[0].count("\n") if above else 0

    def __call__(self, source: Any, filename: str, symbol: str, **options: Any) -> Any:
        """The code object; `%%time` compiles the cell's lines anew, under a name of its own and counted from its next line."""
        if self.lines_above and filename in ("<timed exec>", "<timed eval>"):
            source, filename = ast.increment_lineno(source, self.lines_above), f"<cell {self.cell_name}>"
        return super().__call__(source, filename, symbol, **options)

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """The name of the cell's code; its lines are to be read as they were written, also below a magic that took them all."""
        lines = raw_code if raw_code and self.lines_above else transformed_code
        return super().cache(lines, number, raw_code)

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return f"<cell {self.cell_name}>"

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        match = re.fullmatch(r"<cell (.*)>", name)
        return ("Cell", match[1]) if match else super().format_code_name(name)


class _Transformers(TransformerManager):
    """IPython's own, which look for no magic in what is Python as it stands: to look takes longer than most cells run."""

    def __init__(self) -> None:
        super().__init__()
        self._usual = list(self.token_transformers)

    def do_token_transforms(self, lines: list[str]) -> list[str]:
        if self.token_transformers == self._usual and _is_python("".join(lines)):
            return lines
        transformed: list[str] = super().do_token_transforms(lines)
        return transformed


class Shell(InteractiveShell):
    """IPython with its outputs recorded instead of printed."""

    input_transformer_manager = Instance(_Transformers, ())

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)
    history_manager: Any
    display_formatter: Any
    compile: Any
    recorder: Recorder = Recorder(0)
    last_error: dict[str, Any] | None = None

    def enable_gui(self, gui: str | None = None) -> None:
        """No event loop to start: figures are inline."""

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str | None, str]:
        """Figures are inline whatever a magic asks for: there is no window to draw in."""
        chosen: tuple[str | None, str] = super().enable_matplotlib("inline")
        return chosen

    def ask_exit(self) -> None:
        """`exit()` ends nothing here: the cells below are run too."""

    def init_history(self) -> None:
        """Keeps no history: its thread and its file would outlive a fork."""
        super().init_history()
        self.history_manager.enabled = False

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Keeps no second copy of what is printed: IPython's own has no limit."""
        yield

    def _get_exc_info(self, exc_tuple=None):  # type: ignore[no-untyped-def]
        etype, evalue, tb = super()._get_exc_info(exc_tuple)
        return etype, evalue, _without_ours(tb)

    def _showtraceback(self, etype, evalue, stb):  # type: ignore[no-untyped-def]
        self.last_error = {"ename": etype.__name__, "evalue": str(evalue), "line": _line_of(evalue)}
        self.recorder.add(
            {"output_type": "error", "ename": etype.__name__, "evalue": str(evalue), "traceback": [str(line) for line in stb]}
        )

    def system(self, cmd: str) -> None:
        """Runs a `!command` and prints what it printed."""
        command = self.var_expand(cmd, depth=1)
        done = subprocess.run(command, shell=True, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, check=False)
        print(done.stdout.decode("utf-8", "replace"), end="")
        self.user_ns["_exit_code"] = done.returncode

    system_piped = system_raw = system

    def run(self, name: str, source: str, shown: bool = True) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        """Runs one cell; its outputs and, if it failed, its error. Of what is not to be `shown` no pictures are drawn."""
        self.compile.begin(name, source)
        self.display_formatter.active_types = self.display_formatter.format_types if shown else ["text/plain"]
        self.last_error = None
        result = self.run_cell(source, store_history=True)
        if not result.success and self.last_error is None:
            error = result.error_before_exec or result.error_in_exec
            self.last_error = {"ename": type(error).__name__, "evalue": str(error), "line": None}
        outputs = self.recorder.take()
        for output in outputs:
            output.pop("_id", None)
        return outputs, self.last_error


def make_shell() -> Shell:
    """The session of this process, ready to run cells; figures are shown inline as in Jupyter."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.xmode = "Context"
    shell = Shell.instance(config=config)
    # As a Jupyter kernel does: figures appear below their cell whether or not it says %matplotlib inline.
    shell.enable_matplotlib("inline")
    return shell


def _is_python(source: str) -> bool:
    with warnings.catch_warnings():  # those come when it is compiled
        warnings.simplefilter("ignore")
        try:
            ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def record(shell: Shell, characters: int) -> None:
    """Begins to keep what is printed and shown, up to `characters` in all."""
    shell.recorder = Recorder(characters)
    sys.stdout = _Stream("stdout", shell.recorder)
    sys.stderr = _Stream("stderr", shell.recorder)


def _without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames of this package, such as the watch's around NumPy's routines: they are not the student's concern."""
    kept, rest = [], None
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(OURS):
            kept.append(traceback)
        traceback = traceback.tb_next
    for entry in reversed(kept):
        rest = TracebackType(rest, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return rest


def _line_of(error: BaseException) -> int | None:
    """The line of the cell in which the error arose, or None."""
    if isinstance(error, SyntaxError):
        return error.lineno
    lines = [line for name, line in student_frames(error) if name]
    return lines[-1] if lines else None


def student_frames(error: BaseException) -> list[tuple[str, int]]:
    """(cell, line) of each frame of the traceback that lies in a cell, outermost first."""
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        match = re.fullmatch(r"<cell (.*)>", traceback.tb_frame.f_code.co_filename)
        if match:
            frames.append((match[1], traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames

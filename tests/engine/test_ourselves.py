"""The course's own code in the trusted process: limited in time, never in the midst of an import, and quiet."""

import importlib
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from autograder.ourselves import quietly, time_limit


def test_what_never_ends_is_stopped() -> None:
    """A loop is left with a TimeoutError, soon after its time; what comes later has time of its own."""
    begin = time.monotonic()
    with pytest.raises(TimeoutError, match=r"did not return within 0\.2 s"), time_limit(0.2):
        while True:
            pass
    assert time.monotonic() - begin < 1
    with time_limit(0.2):
        pass
    time.sleep(0.3)  # and no alarm is left


def test_an_import_comes_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow import is not cut off, and what comes after it has its time; a loop after it is stopped all the same."""
    (tmp_path / "slow_to_import.py").write_text(
        "import time\nend = time.monotonic() + 0.5\nwhile time.monotonic() < end: pass\nwhole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with time_limit(0.2):
        importlib.import_module("slow_to_import")
        time.sleep(0.05)
    assert sys.modules.pop("slow_to_import").whole
    with pytest.raises(TimeoutError), time_limit(0.2):
        importlib.import_module("slow_to_import")
        while True:
            pass
    assert sys.modules.pop("slow_to_import").whole


def test_quietly(capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder) -> None:
    """Nothing printed, no warning, no complaint of NumPy's comes through; afterwards all is as before."""
    with quietly():
        print("a line")
        print("another", file=sys.stderr)
        warnings.warn("careful", stacklevel=1)
        assert np.isinf(np.float64(1) / np.float64(0))
    assert capsys.readouterr() == ("", "")
    assert not recwarn.list
    print("seen")
    assert capsys.readouterr().out == "seen\n"

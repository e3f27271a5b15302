"""The command line: every command has help, wrong usage says what was wrong and exits with 2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main


def run(*words: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, words)


def run_as_program(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """`python -m autograder` in a folder, with the package importable as if it were installed."""
    project = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", "autograder", *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("command", sorted(main.commands))
def test_help(command: str) -> None:
    """Each command says in one sentence what it does, and explains each option."""
    result = run(command, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {command} ") or f"{command} [OPTIONS]" in result.output
    assert main.commands[command].help
    for parameter in main.commands[command].params:
        assert parameter.param_type_name == "argument" or parameter.help, f"{command}: {parameter.name} has no help"  # type: ignore[attr-defined]


def test_the_list_of_commands() -> None:
    """`autograder -h` lists them all."""
    result = run("-h")
    assert result.exit_code == 0
    assert {"build", "grade", "demo", "doctor"} <= set(main.commands)
    for command in main.commands:
        assert f"\n  {command} " in result.output


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["grade", "--no-such-option"],
        ["grade", "--jobs", "0"],
        ["grade", "--jobs", "many"],
        ["grade", "--student"],
        ["grade", "--course", "/no/such/folder"],
        ["build", "--course", "/no/such/folder"],
        ["build", "no-such-assignment"],
        ["demo", "--jobs", "-1"],
    ],
)
def test_wrong_usage(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be understood ends with 2 and a line about it, never with a traceback."""
    monkeypatch.chdir(tmp_path)
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert "rror" in result.output or result.output.startswith("autograder: ")


@pytest.mark.slow
@pytest.mark.parametrize("words", [["grade"], ["demo", "--into", "d"], ["build"]])
def test_outside_a_course(words: list[str], tmp_path: Path) -> None:
    """In a folder that is no course, the program ends with 2 and one line on standard error."""
    done = run_as_program(*words, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("autograder: ")
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_version(tmp_path: Path) -> None:
    """`--version` says a version."""
    done = run_as_program("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert "version" in done.stdout


@pytest.mark.slow
def test_doctor_speaks_json(tmp_path: Path) -> None:
    """`doctor --json` writes one object a line."""
    done = run_as_program("doctor", "--json", cwd=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    assert all({"layer", "active", "detail"} <= set(json.loads(line)) for line in done.stdout.splitlines())

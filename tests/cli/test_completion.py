"""Completion in PowerShell: what its script asks, and what it is answered. No PowerShell runs here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests.conftest import Line
from trakt_ical.cli import cli
from trakt_ical.cli.completion import VARIABLE, register_powershell


def complete(line: Line, words: str, incomplete: str) -> list[list[str]]:
    """The values and meanings that are offered after *words* for what begins with *incomplete*."""
    register_powershell()
    question = {"COMP_WORDS": "\n".join(words.split()), "COMP_INCOMPLETE": incomplete}
    environ = {**line.environ, **question, VARIABLE: "powershell_complete"}
    result = CliRunner().invoke(cli, [], env=environ, prog_name="trakt-ical")
    assert (result.exit_code, result.stderr) == (0, "")
    return [row.split("\t") for row in result.stdout.splitlines() if row]


def test_powershell_is_offered_commands_options_and_values(line: Line) -> None:
    """Each with its meaning, or with itself where it has none: PowerShell refuses an empty one."""
    assert complete(line, "trakt-ical", "che") == [["checkin", "Tell Trakt what you are watching."]]
    assert "--week" in [value for value, _ in complete(line, "trakt-ical agenda", "--")]
    assert complete(line, "trakt-ical export --kind", "str") == [["streaming", "streaming"]]
    assert complete(line, "trakt-ical completion", "'pow") == [["powershell", "powershell"]]


def test_powershell_is_offered_titles(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slugs of the kept calendar, with the titles beside them."""
    assert line("export").exit_code == 0
    for name, value in line.environ.items():
        monkeypatch.setenv(name, value)
    assert complete(line, "trakt-ical checkin", "moon") == [["moonlit-noodle-stand", "月下の屋台"]]


def test_files_are_left_to_powershell(line: Line) -> None:
    """Where a file is wanted nothing is answered: then PowerShell completes the names of files by itself."""
    assert complete(line, "trakt-ical export --previous", "tr") == []
    assert complete(line, "trakt-ical import", "") == []


def test_the_program_answers_powershell() -> None:
    """The command itself knows the question; letters beyond ASCII are written in UTF-8 whatever the locale is."""
    question = {VARIABLE: "powershell_complete", "COMP_WORDS": "trakt-ical", "COMP_INCOMPLETE": "ag"}
    environ = {**os.environ, **question, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'trakt-ical'\nfrom trakt_ical.cli import main; main()"],
        env=environ,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.split(b"\t")[0] == b"agenda"


def test_the_script_asks_what_the_program_answers() -> None:
    """It is registered for the program, and sets the variables that are read here."""
    script = CliRunner().invoke(cli, ["completion", "powershell"], prog_name="trakt-ical").stdout
    assert "Register-ArgumentCompleter -Native -CommandName trakt-ical " in script
    assert all(f"$env:{name} = " in script for name in (VARIABLE, "COMP_WORDS", "COMP_INCOMPLETE"))
    assert script.count("{") == script.count("}")
    assert "%(" not in script

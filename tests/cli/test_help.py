"""The help of every command, pinned once: what `--help` prints is in `help.txt` beside this module.

The man page `docs/trakt-ical.1` is made of the same texts.

After a change of wording: UPDATE_HELP=1 python -m pytest tests/cli/test_help.py, then read the difference.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests import man_page
from trakt_ical.cli import cli
from trakt_ical.config import FIELDS

SNAPSHOT = Path(__file__).with_name("help.txt")
DOCS = Path(__file__).resolve().parents[2] / "docs"


def list_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that name each command below *group*, and the group itself."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from list_commands(command, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(list_commands(cli))


def read_help(*words: str) -> str:
    """What `trakt-ical WORDS --help` prints on a terminal of 100 columns."""
    result = CliRunner().invoke(cli, [*words, "--help"], prog_name="trakt-ical", terminal_width=100)
    assert result.exit_code == 0
    return result.output


def test_help_is_as_it_was_read() -> None:
    """`--help` of each command is what somebody read and kept."""
    text = "\n".join(read_help(*words) for words in COMMANDS)
    if os.environ.get("UPDATE_HELP"):
        SNAPSHOT.write_text(text, encoding="utf-8")
    assert text == SNAPSHOT.read_text(encoding="utf-8")


def test_the_man_page_is_up_to_date() -> None:
    """It says what `--help` of each command says."""
    if os.environ.get("UPDATE_HELP"):
        man_page.PAGE.write_text(man_page.make_page(), encoding="utf-8")
    assert man_page.make_page() == man_page.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("reader", [("groff", "-man", "-ww", "-Tutf8"), ("mandoc", "-T", "lint", "-W", "warning")])
def test_the_man_page_is_understood(reader: tuple[str, ...]) -> None:
    """The programs that show man pages find nothing to warn of."""
    if shutil.which(reader[0]) is None:
        pytest.skip(f"no {reader[0]}")
    done = subprocess.run([*reader, man_page.PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if reader[0] == "groff":
        shown = re.sub("\x1b\\[[0-9;]*m|.\b", "", done.stdout)
        assert all(f"trakt-ical {' '.join(words)}" in shown for words in COMMANDS)
        assert "EXIT STATUS" in shown
    else:
        assert done.stdout == ""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    """Each command has help of more than a line, shows no mark-up, and is listed with its whole first sentence."""
    text = read_help(*words)
    assert len(text.splitlines()) > 4
    assert "\\b" not in text
    assert not re.search(r"^  [a-z]+ .*\.\.\.$", text, re.M)
    if words:
        assert re.search(rf"^  {words[-1]} +[A-Z].*\w\.$", read_help(*words[:-1]), re.M)


def test_an_option_quotes_its_setting() -> None:
    """An option's help is the meaning of its setting, with the setting's default."""
    words = read_help("export").split()
    meaning = f"--back N {FIELDS['back'].metadata['help']} [default: {FIELDS['back'].default}]".split()
    assert any(words[at : at + len(meaning)] == meaning for at in range(len(words)))


def test_what_json_has_is_described() -> None:
    """The table of docs/terminal.md has each command that takes --json."""
    commands = {words: find_command(words) for words in COMMANDS if words}
    with_json = {" ".join(words) for words, command in commands.items() if has_json(command)}
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "terminal.md").read_text(encoding="utf-8"), re.M)
    named = {name.partition(" --")[0] for row in rows for name in re.findall("`([^`]+)`", row)}
    assert named == with_json


def has_json(command: click.Command) -> bool:
    """Whether it takes --json; a group does so for its commands."""
    return any(param.name == "as_json" for param in command.params)


def find_command(words: tuple[str, ...]) -> click.Command:
    """The command that *words* name."""
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command

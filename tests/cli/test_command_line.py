"""The command line as a whole: commands, streams, exit statuses, the built-in Trakt."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import trakt_ical
from tests.conftest import Line
from tests.server import Reply, run_server
from trakt_ical.cli import cli


def test_the_version_is_the_packages() -> None:
    """`--version` names program and version."""
    result = CliRunner().invoke(cli, ["--version"])
    assert result.output == f"trakt-ical {trakt_ical.__version__}\n"


def test_a_command_that_is_none_offers_the_nearest() -> None:
    """A misspelt command is wrong usage, and the right one is offered."""
    result = CliRunner().invoke(cli, ["exprot"])
    assert (result.exit_code, "export?" in result.output) == (2, True)


def test_the_demo_keeps_its_own_folder(line: Line, home: Path) -> None:
    """`--demo` starts logged in, remembers logging out, and leaves the user's own files alone."""
    assert line("--demo", "export").exit_code == 0
    assert line("--demo", "status").exit_code == 0
    assert line("--demo", "logout").exit_code == 0
    assert line("--demo", "status").exit_code == 4
    assert line("--demo", "export").exit_code == 4
    assert line.demo.requests == []
    assert [path.name for path in (home / ".local" / "share" / "trakt-ical").iterdir()] == ["demo"]
    assert b"127.0.0.1" not in line.ics.read_bytes()
    assert b"https://trakt.tv/" in line.ics.read_bytes()


def test_the_demo_by_itself_says_how_to_reach_it() -> None:
    """`trakt-ical demo` prints the environment that points a client at it, and ends on request."""
    with subprocess.Popen(
        [sys.executable, "-m", "trakt_ical", "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        exports = [running.stdout.readline() for _ in range(8)]
        assert "Ctrl-C" in running.stderr.readline()
        script = "".join(exports) + f'"{sys.executable}" -m trakt_ical export -o - --api "$0"'
        for api in ("v2", "v1"):
            done = subprocess.run(["sh", "-c", script, api], capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(b"BEGIN:VCALENDAR")
        running.terminate()
        assert running.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("--demo export -o z.ics 2>&-", 0),
        ("--demo export -o z.ics 2>/dev/full", 0),
        ("--demo export -o /no/such/folder/z.ics 2>&-", 6),
        ("--demo export -o - >&-", 6),
        ("--demo export -o - >/dev/full", 6),
        ("--demo config >/dev/full", 6),
        ("--demo status >/dev/full", 6),
        ("--version >/dev/full", 6),
        ("--help >/dev/full", 6),
        ("--help >&-", 6),
    ],
)
def test_closed_and_full_streams_have_their_status(tmp_path: Path, script: str, status: int) -> None:
    """A stderr that is closed or full costs nothing; a stdout that is, the data alone, in one sentence."""
    command = f'"{sys.executable}" -m trakt_ical {script}'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert (tmp_path / "z.ics").exists() == ("-o z.ics" in script)


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("--help", 0),
        ("config --schema", 0),
        ("--demo export -o /no/such/folder/x.ics --json", 6),
    ],
)
def test_a_reader_that_has_read_enough_is_no_error(tmp_path: Path, script: str, status: int) -> None:
    """With `| head` nothing is said of it; what the command does and its own exit status stay."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        command = [sys.executable, "-m", "trakt_ical", *script.split()]
        done = subprocess.run(command, cwd=tmp_path, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == status
    assert not re.search("Traceback|standard output|Broken pipe", done.stderr)


def test_a_title_cannot_steer_the_terminal(line: Line) -> None:
    """Control characters of an answer do not reach the terminal, and a message stays one line."""
    show = {"title": "\x1b]0;owned\x07A\nError: B\x9b1m", "ids": {"trakt": None}}
    entry = {"first_aired": None, "show": show, "episode": {"season": 1, "number": 1}}
    with run_server(lambda _: Reply(json.dumps([entry]).encode())) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = line("export", "--source", "all", "--days", "1", environ=environ)
    assert result.exit_code == 0
    assert not set("\x1b\x07\x9b") & set(result.stderr)
    assert result.stderr.count("\n") == 1 + result.stderr.count("Warning: Left out: ")

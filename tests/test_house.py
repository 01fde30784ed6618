"""The house itself: its floors, its start-up, its texts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import trakt_ical
from tests.conftest import Line
from tests.server import Told, serving
from trakt_ical.cli import cli
from trakt_ical.cli.run import setting_option

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = [
    *("export", "serve", "feed", "agenda", "explain", "checkin"),
    *("login", "logout", "status", "config", "completion", "demo"),
]

IMPORTED = """
import sys
from trakt_ical.cli import main
try:
    main()
except SystemExit as exit:
    heavy = {"icalendar", "requests", "msgspec", "dateutil", "urllib3"}
    print(exit.code, *sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def test_imports_run_downhill() -> None:
    """The import contracts of pyproject.toml hold."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--version"], "0"),
        (["--help"], "0"),
        (["export", "--help"], "0"),
        (["export", "--nonsense"], "2"),
        (["x"], "2"),
    ],
)
def test_what_needs_no_work_loads_nothing_heavy(arguments: list[str], status: str) -> None:
    """Version, help and usage errors import neither icalendar nor requests."""
    done = subprocess.run([sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == status


def test_an_export_that_changes_nothing_never_loads_icalendar(tmp_path: Path) -> None:
    """Icalendar renders what changed; where nothing did, it is not even imported."""
    command = [sys.executable, "-c", IMPORTED, "--demo", "export", "-o", str(tmp_path / "trakt.ics")]
    loaded = [subprocess.run(command, capture_output=True, text=True, check=True).stderr for _ in range(2)]
    assert ["icalendar" in each.splitlines()[-1] for each in loaded] == [True, False]
    assert "unchanged" in loaded[1]


def test_the_version_is_the_packages() -> None:
    """`--version` names program and version."""
    result = CliRunner().invoke(cli, ["--version"])
    assert result.output == f"trakt-ical {trakt_ical.__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """Each command has help of more than a line, and is listed with its whole first sentence."""
    listing = CliRunner().invoke(cli, ["--help"]).output
    assert re.search(rf"^  {name} +[A-Z].*\w\.$", listing, re.M)
    assert "\n  Try it without an account:   trakt-ical --demo export\n" in listing
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 4
    assert "\\b" not in result.output + listing
    assert not re.search(r"^  [a-z]+ .*\.\.\.$", result.output, re.M)


def test_a_command_that_is_none_offers_the_nearest() -> None:
    """A misspelt command is wrong usage, and the right one is offered."""
    result = CliRunner().invoke(cli, ["exprot"])
    assert (result.exit_code, "Did you mean export?" in result.output) == (2, True)


def test_an_option_quotes_its_setting() -> None:
    """An option's help is the setting's, with the default that it has there."""
    output = CliRunner().invoke(cli, ["export", "--help"]).output
    assert "Days before today.  [default: 30]" in output
    assert callable(setting_option("--back", setting="back"))


def test_verbose_and_quiet_exclude_each_other(line: Line) -> None:
    """Both at once is wrong usage."""
    assert line("-v", "-q", "export").exit_code == 2


def test_verbose_shows_the_log(line: Line) -> None:
    """With -v each request is told, on stderr."""
    result = line("-v", "export")
    assert "GET /calendars/my/shows/" in result.stderr
    assert result.stdout == ""


def test_the_demo_keeps_its_own_folder(line: Line, home: Path) -> None:
    """`--demo` starts logged in, keeps what it is told, and leaves the user's own files alone."""
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
        assert running.wait(10) == 0


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
    ],
)
def test_closed_and_full_streams_have_their_status(tmp_path: Path, script: str, status: int) -> None:
    """A stderr that is closed or full costs nothing; a stdout that is, the data alone, in one sentence."""
    command = f'"{sys.executable}" -m trakt_ical {script}'
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr
    assert (tmp_path / "z.ics").exists() == ("-o z.ics" in script)


def test_a_title_cannot_steer_the_terminal(line: Line) -> None:
    """Control characters of an answer do not reach the terminal, and a message stays one line."""
    show = {"title": "\x1b]0;owned\x07A\nError: B\x9b1m", "ids": {"trakt": None}}
    entry = {"first_aired": None, "show": show, "episode": {"season": 1, "number": 1}}
    with serving(lambda _: Told(json.dumps([entry]).encode())) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        result = line("export", "--source", "all", "--days", "1", environ=environ)
    assert result.exit_code == 0
    assert not set("\x1b\x07\x9b") & set(result.stderr)
    assert result.stderr.count("\n") == 1 + result.stderr.count("Warning: Left out: ")

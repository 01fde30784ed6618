"""`trakt-ical setup`: from a new home to a calendar that is kept up to date, as a person types it."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.conftest import Line
from tests.demos import Demo
from tests.programs import CRONTAB, write_programs

pty = pytest.importorskip("pty", reason="no terminals of Unix")
PROGRAM = str(Path(sys.executable).with_name("trakt-ical"))
LONGEST = 60  # seconds


class Terminal:
    """A real terminal with the program in it."""

    def __init__(self, environ: dict[str, str], *words: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True
        )
        os.close(theirs)
        self.written = ""

    def wait_for(self, text: str) -> str:
        """Return all that was written since the last answer, once *text* is in it."""
        end = time.monotonic() + LONGEST
        while text not in self.written:
            assert time.monotonic() < end, self.written
            assert self._read(), self.written
        return self.written

    def answer(self, question: str, keys: str) -> None:
        """Type *keys* at *question*."""
        self.wait_for(question)
        self.written = ""
        os.write(self._ours, f"{keys}\n".encode())

    def end(self) -> int:
        """Return the exit status."""
        while self._read():
            pass
        os.close(self._ours)
        return self._process.wait(LONGEST)

    def _read(self) -> bool:
        try:
            if not select.select([self._ours], [], [], LONGEST)[0]:
                return False
            part = os.read(self._ours, 4096)
        except OSError:  # so Linux tells that the other end is closed
            return False
        self.written += part.decode(errors="replace")
        return bool(part)


@pytest.fixture
def environ(tmp_path: Path, home: Path) -> dict[str, str]:
    """A new home on a computer whose only scheduler is cron."""
    programs = write_programs(tmp_path / "bin", crontab=CRONTAB)
    return {"HOME": str(home), "PATH": str(programs), "TABLE": str(tmp_path / "table"), "TERM": "xterm"}


def run_all(environ: dict[str, str], *words: str) -> str:
    """Run a command that succeeds, and return what it wrote."""
    result = subprocess.run([PROGRAM, *words], env=environ, capture_output=True, text=True, timeout=LONGEST)
    assert result.returncode == 0, result.stderr + result.stdout
    return result.stdout + result.stderr


def check_that_it_runs_by_itself(environ: dict[str, str], tmp_path: Path, home: Path) -> None:
    """Run the timer's command as cron does, and ask the doctor."""
    command = (tmp_path / "table").read_text().splitlines()[-1].split(" * * * ")[1]
    bare = {"HOME": environ["HOME"], "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/sh", "-c", command], env=bare, check=True, timeout=LONGEST)
    assert (home / "trakt.ics").is_file()
    found = run_all(environ, "doctor")
    assert {row.split()[0] for row in found.splitlines()} == {"ok"}, found


def test_a_new_user_is_set_up_in_a_terminal(environ: dict[str, str], tmp_path: Path, home: Path) -> None:
    """From a new home to a calendar that cron updates: a wrong Client ID is asked for anew, all is well."""
    with Demo(interval=1) as demo:
        servers = {"TRAKT_ICAL_API_URL": demo.url, "TRAKT_ICAL_AUTH_URL": demo.url}
        terminal = Terminal(environ | servers, "setup")
        terminal.answer("From (", "trakt")
        terminal.answer("Client ID: ", "")  # nothing: back to the first question
        assert "another way" in terminal.wait_for("From (")
        terminal.answer("From (", "")
        terminal.answer("Client ID: ", "wrong")
        terminal.answer("Client ID: ", demo.client_id)
        terminal.answer("Kinds", "shows, movies")
        terminal.answer("Time zone", "Europe/Nowhere")
        terminal.answer("Time zone", "")
        terminal.answer("File of the calendar", "")
        code = re.search(r"Enter +(\w+)", terminal.wait_for("left"))
        assert code
        demo.approve(code[1])
        terminal.answer("every six hours", "n")
        assert terminal.end() == 0
        file = home / ".config" / "trakt-ical" / "config.toml"
        assert 'kind = ["shows", "movies"]' in file.read_text()
        assert file.stat().st_mode & 0o077 == 0
        # The built-in Trakt's addresses are no question of setup, and cron does not know this shell's variables.
        run_all(environ, "config", "set", "api_url", demo.url)
        run_all(environ, "config", "set", "auth_url", demo.url)
        run_all(environ, "export")
        run_all(environ, "schedule", "install")
        check_that_it_runs_by_itself(environ, tmp_path, home)
        before = file.read_text()
        assert "Unchanged" in run_all(environ, "setup", "--yes", "--no-schedule")
        assert file.read_text() == before


def test_a_new_user_without_an_app_is_set_up_in_a_terminal(environ: dict[str, str], tmp_path: Path, home: Path) -> None:
    """The same with Trakt's export and TVmaze: no app, no login."""
    with Demo() as demo:
        export = tmp_path / "trakt-export.zip"
        export.write_bytes(requests.get(f"{demo.url}/demo/export", {"user": demo.username}, timeout=LONGEST).content)
        terminal = Terminal(environ | {"TRAKT_ICAL_API_URL": demo.url}, "setup")
        ways = terminal.wait_for("From (").splitlines()
        assert [row.split()[0] for row in ways if row.startswith("  ")] == ["trakt", "tvmaze", "look"]
        terminal.answer("From (", "tvmaze")
        assert "movies" not in terminal.wait_for("Kinds").partition("Kinds")[2]
        terminal.answer("Kinds", "movies")
        terminal.answer("Kinds", "shows")
        terminal.answer("Time zone", "Europe/Berlin")
        terminal.answer("File of the calendar", "")
        terminal.answer("File: ", str(tmp_path / "none.zip"))
        terminal.answer("File: ", str(export))
        terminal.answer("every six hours", "n")
        assert terminal.end() == 0
        run_all(environ, "config", "set", "api_url", demo.url)
        run_all(environ, "export")
        run_all(environ, "schedule", "install")
        check_that_it_runs_by_itself(environ, tmp_path, home)


def test_what_stands_in_the_file_stays(line: Line, home: Path) -> None:
    """Run again, setup changes the answers that were given, and keeps comments and all other settings."""
    file = home / "config.toml"
    file.write_text('# mine\nahead = 40  # days\nkind = ["shows"]\n')
    environ = {name: value for name, value in line.environ.items() if "OUTPUT" not in name}
    words = ("--config", str(file), "setup", "--yes", "--client-id", line.demo.client_id, "-o", str(home / "a.ics"))
    line.environ.clear()
    line.environ.update(environ)
    assert line(*words, "--kind", "movies").exit_code == 0
    text = file.read_text()
    assert "# mine" in text
    assert "ahead = 40  # days" in text
    assert 'kind = ["movies"]' in text
    assert (home / "a.ics").is_file()


def test_a_settings_file_of_any_name_is_made(line: Line, home: Path) -> None:
    """--config may name one that is not there yet; other commands need it to be."""
    line.environ.clear()
    (home / "shows.txt").write_text("tvdb:1\n")
    file = home / "new" / "mine.toml"
    words = ("setup", "--from", "tvmaze", "--list", str(home / "shows.txt"), "--no-login", "-o", str(home / "a.ics"))
    assert line("--config", str(file), "status").exit_code == 3
    assert line("--config", str(file), *words).exit_code == 0
    assert 'api = "tvmaze"' in file.read_text()


def test_a_wrong_answer_leaves_the_file_as_it_was(line: Line, home: Path) -> None:
    """The answers before it are not written either."""
    line.environ.clear()
    file = home / ".config" / "trakt-ical" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('api = "v2"\nclient_id = "mine"\n')
    result = line("setup", "--from", "tvmaze", "--timezone", "Europe/Nowhere")
    assert (result.exit_code, "Europe/Nowhere" in result.stderr) == (3, True)
    assert file.read_text() == 'api = "v2"\nclient_id = "mine"\n'


def test_without_a_client_id_nothing_is_written(line: Line, home: Path) -> None:
    """Where nobody can be asked, a missing or wrong Client ID is an error, and there is no settings file."""
    file = home / "config.toml"
    environ = {"TRAKT_ICAL_CLIENT_ID": ""}
    assert line("--config", str(file), "setup", environ=environ).exit_code in (2, 3)
    assert line("--config", str(file), "setup", "--client-id", "wrong").exit_code == 3
    assert not file.exists()


def test_the_demo_can_be_set_up(home: Path, environ: dict[str, str]) -> None:
    """--demo setup asks for no app and no login, and makes a calendar."""
    assert "trakt-demo.ics" in run_all(environ, "--demo", "setup", "--yes")
    assert (home / "trakt-demo.ics").is_file()


def test_the_demo_makes_no_job_unless_it_is_wanted(line: Line, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Enter at every question of --demo setup has no schedule afterwards."""
    line.environ.clear()
    installed: list[object] = []
    monkeypatch.setattr("trakt_ical.cli.setup.install_schedule", installed.append)
    words = ("--demo", "setup", "-o", str(home / "demo.ics"))
    assert line(*words, typed="\n\n\n\n").exit_code == 0
    assert (home / "demo.ics").is_file()
    assert installed == []
    assert line(*words, typed="\n\ny\n").exit_code == 0
    assert len(installed) == 1


@pytest.mark.parametrize(
    "typed", ["", "tvmaze\n", "tvmaze\nshows\n", "tvmaze\nshows\naccount\n", "tvmaze\n\n\n/a.ics\n"]
)
def test_whoever_stops_before_the_end_has_nothing_half_written(line: Line, home: Path, typed: str) -> None:
    """The end of input at any question, as Ctrl-C, leaves no settings file."""
    line.environ.clear()
    assert line("setup", typed=typed).exit_code == 1  # of click's runner; the program itself ends with 130
    assert list(home.rglob("config.toml")) == []


def test_an_export_that_is_not_ready_may_come_later(line: Line, home: Path) -> None:
    """Enter at the file keeps the answers, and says how to go on; there is no calendar and no schedule yet."""
    line.environ.clear()
    done = line("setup", "--from", "tvmaze", "-o", str(home / "a.ics"), typed="\n\n\n")
    assert (done.exit_code, "setup --list" in done.stderr) == (0, True)
    assert 'api = "tvmaze"' in (home / ".config" / "trakt-ical" / "config.toml").read_text()
    assert not (home / "a.ics").exists()


def test_where_nobody_can_be_asked_the_flags_that_lack_are_named(line: Line, home: Path) -> None:
    """Wrong usage, and nothing is written."""
    line.environ.clear()
    for words, named in ((("setup",), "--client-id"), (("setup", "--from", "tvmaze"), "--list")):
        done = line(*words)
        assert (done.exit_code, named in done.stderr) == (2, True)
    assert list(home.rglob("config.toml")) == []
    # With settings, too: nobody said that they are the answers.
    assert line("setup", environ={"TRAKT_ICAL_CLIENT_ID": line.demo.client_id}).exit_code == 2


def test_a_list_that_lacks_most_shows_is_asked_about(line: Line, home: Path) -> None:
    """As `import` does, setup keeps the old list where nobody agrees to lose most of it."""
    line.environ.clear()
    words = ("setup", "--from", "tvmaze", "--no-login", "--no-schedule", "-o", str(home / "a.ics"), "--list")
    for name, numbers in (("long.txt", range(1, 30)), ("short.txt", range(1, 3))):
        (home / name).write_text("".join(f"tvdb:{number}\n" for number in numbers))
    assert line(*words, str(home / "long.txt")).exit_code == 0
    kept = next(home.rglob("shows.json")).read_bytes()
    assert line(*words, str(home / "short.txt")).exit_code == 8
    assert next(home.rglob("shows.json")).read_bytes() == kept


def test_a_household_is_not_set_up_by_a_few_questions(line: Line, home: Path) -> None:
    """Its settings say whose each calendar is; setup changes nothing, and names the login of an account."""
    line.environ.clear()
    file = home / "config.toml"
    file.write_text("[account.anna]\n[calendar.Hers]\naccount = 'anna'\n")
    done = line("--config", str(file), "setup", typed="tvmaze\n\n\n\n\n")
    assert (done.exit_code, "login --account anna" in done.stderr) == (3, True)
    assert file.read_text().startswith("[account.anna]\n[calendar.Hers]")

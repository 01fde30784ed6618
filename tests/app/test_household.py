"""A household: several accounts in one settings file, each with a login, calendars and limits of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.conftest import Line
from tests.demos import Demo, log_in
from trakt_ical.demo import Body, Fault

SETTINGS = """
api_url = "{url}"
auth_url = "{url}"
client_id = "demo-client-id"
public_url = "https://tv.example.net"
[account.anna]
[account.ben]
[calendar.Mine]
output = "{folder}/mine.ics"
[calendar.Hers]
account = "anna"
output = "{folder}/hers.ics"
[calendar.His]
account = "ben"
output = "{folder}/his.ics"
"""
USERS = {"": "demo", "anna": "anna", "ben": "ben"}
CALENDARS = {"": "mine", "anna": "hers", "ben": "his"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of the program's files."""
    folder = tmp_path / "house"
    folder.mkdir()
    return folder


@pytest.fixture
def line(line: Line, home: Path) -> Line:
    """The command line of a household of three in one settings file, all of them logged in."""
    write_settings(home, SETTINGS.format(url=line.demo.url, folder=home))
    line.environ.clear()
    line.environ["TRAKT_ICAL_HOME"] = str(home)
    for account, user in USERS.items():
        log_in(line.demo, find_token(home, account), user)
    return line


def write_settings(home: Path, text: str) -> None:
    """Write the settings file, for its owner alone."""
    (home / "config.toml").write_text(text, encoding="utf-8")
    (home / "config.toml").chmod(0o600)


def find_token(home: Path, account: str) -> Path:
    """Return where the token of an account is."""
    return (home / "accounts" / account if account else home) / "token.json"


def read_owner(home: Path, account: str) -> str | None:
    """Return whose calendar an account's export is, None where there is none."""
    path = home / f"{CALENDARS[account]}.ics"
    if not path.exists():
        return None
    found = re.search(r"^X-TRAKT-ICAL-SCOPE:v2/my/(\w+)/", path.read_text(encoding="utf-8"), re.M)
    assert found
    return found[1]


def test_each_account_gets_its_own_calendar(line: Line, home: Path) -> None:
    """One export asks for each account's shows with its own token."""
    assert line("export").exit_code == 0
    assert {account: read_owner(home, account) for account in USERS} == USERS
    files = {account: (home / f"{name}.ics").read_text(encoding="utf-8") for account, name in CALENDARS.items()}
    assert ["Cold Platform" in files[account] for account in USERS] == [False, True, True]
    result = line("export", "--account", "anna")
    assert re.findall(r"(\w+)\.ics", result.stderr) == ["hers"]


@pytest.mark.parametrize("account", USERS)
def test_a_missing_login_touches_no_other_account(line: Line, home: Path, account: str) -> None:
    """The others are done; the error names the account that has to log in, and its exit status is that of the run."""
    find_token(home, account).unlink()
    result = line("export")
    assert result.exit_code == 4
    assert {each: read_owner(home, each) for each in USERS} == USERS | {account: None}
    assert f"login --account {account or chr(39) * 2}\n" in result.stderr


@pytest.mark.parametrize(
    ("faults", "exit_code", "named"),
    [
        ([Fault(user="anna", status=429, retry_after=900, times=0)], 5, "Hers"),
        ([Fault(user="anna", status=401, times=0), Fault(path="/oauth/token", status=400, body=Body.JSON)], 4, "anna"),
        ([Fault(user="anna", path="/calendars/", body=Body.GARBAGE, times=0)], 5, "Hers"),
        ([Fault(user="anna", path="/users/settings", status=500, times=0)], 5, "Hers"),
    ],
)
def test_the_trouble_of_one_account_touches_no_other(
    line: Line, home: Path, faults: list[Fault], exit_code: int, named: str
) -> None:
    """A limit, a login that has ended and a broken answer are one account's."""
    line.demo.misbehave(*faults)
    result = line("export")
    assert result.exit_code == exit_code
    [error] = re.findall("^Error: .*", result.stderr, re.M)
    assert named in error
    assert {each: read_owner(home, each) for each in USERS} == USERS | {"anna": None}


def test_an_outage_of_all_accounts_is_one_line(line: Line) -> None:
    """It names the calendars of all."""
    line.demo.misbehave(Fault(status=503, times=0))
    result = line("export")
    assert result.exit_code == 5
    [error] = re.findall("^Error: .*", result.stderr, re.M)
    assert all(name in error for name in ("Mine", "Hers", "His"))


def test_status_shows_every_account(line: Line, home: Path) -> None:
    """Each with its login, calendars and outputs; without one of the logins the exit status is 4."""
    assert line("export").exit_code == 0
    find_token(home, "anna").unlink()
    for arguments in (("status",), ("status", "--json")):
        result = line(*arguments)
        assert result.exit_code == 4
        assert all(f"{name}.ics" in result.stdout for name in CALENDARS.values())
        assert "login --account anna" in result.stdout
    status = json.loads(result.stdout)
    users = {each["account"]: each["login"] and each["login"]["username"] for each in status["accounts"]}
    assert users == USERS | {"anna": None}
    assert [each["calendars"] for each in status["accounts"]] == [["Mine"], ["Hers"], ["His"]]
    outputs = [Path(path).stem for each in status["accounts"] for path in each["outputs"]]
    assert outputs == list(CALENDARS.values())
    assert line("status", "--account", "ben").exit_code == 0
    assert "anna" not in line("status", "--account", "ben").stdout


def test_the_doctor_names_whose_login_fails(line: Line, home: Path) -> None:
    """Each account's source is asked with its own login, and what is found there bears the account's name."""
    find_token(home, "anna").unlink()
    findings = json.loads(line("doctor", "--json").stdout)["findings"]
    grades = {each["account"]: each["grade"] for each in findings if each["subject"] == "login"}
    assert grades == {"": "ok", "anna": "failed", "ben": "ok"}


def test_status_shows_an_account_without_calendars(line: Line, home: Path) -> None:
    """Nobody would miss it, since an export leaves it out."""
    text = (home / "config.toml").read_text(encoding="utf-8")
    write_settings(home, text.replace('account = "ben"\n', ""))
    shown = line("status", "--json")
    accounts = {each["account"]: each["calendars"] for each in json.loads(shown.stdout)["accounts"]}
    assert accounts == {"": ["Mine", "His"], "anna": ["Hers"], "ben": []}
    assert "ben" in shown.stderr


def test_two_accounts_with_one_user_are_warned_about(line: Line, home: Path) -> None:
    """Somebody who was to log in as another one was still logged in at Trakt."""
    assert "Warning" not in line("status").stderr
    log_in(line.demo, find_token(home, "ben"), "anna")
    result = line("status")
    assert result.exit_code == 0
    [warning] = re.findall("^Warning: .*", result.stderr, re.M)
    assert "anna" in warning
    assert "ben" in warning


def test_a_logout_touches_no_other_account(line: Line, home: Path) -> None:
    """Not even one that is logged in as the same user: its answers are kept."""
    log_in(line.demo, find_token(home, "ben"), "anna")
    for account in USERS:
        assert line("agenda", "--account", account).exit_code == 0
    kept = {path for path in (home / "cache").rglob("*") if path.is_file()}
    result = line("logout", "--account", "anna")
    assert (result.exit_code, "anna" in result.stderr) == (0, True)
    assert [find_token(home, each).exists() for each in USERS] == [True, False, True]
    asked = len(line.demo.requests)
    assert line("agenda", "--account", "ben").exit_code == 0
    assert line("agenda", "--account", "").exit_code == 0
    assert len(line.demo.requests) == asked
    left = {path for path in (home / "cache").rglob("*") if path.is_file()}
    assert left < kept


@pytest.mark.parametrize("command", [("checkin",), ("login",), ("logout",), ("feed", "page")])
def test_a_command_for_one_account_asks_which(line: Line, command: tuple[str, ...]) -> None:
    """It names all of them, and does nothing."""
    asked = len(line.demo.requests)
    result = line(*command)
    assert result.exit_code == 3
    assert all(f"--account {name}" in result.stderr for name in ("anna", "ben", '""'))
    assert len(line.demo.requests) == asked


def test_the_agenda_is_everybodys(line: Line) -> None:
    """It has the calendars of all accounts, or those named; what several have is one entry with all their names."""
    whole = json.loads(line("agenda", "--days", "20", "--json").stdout)
    singly = {
        name: {each["uid"] for each in json.loads(line("agenda", name, "--days", "20", "--json").stdout)}
        for name in ("Mine", "Hers", "His")
    }
    assert [each["uid"] for each in whole] == list(dict.fromkeys(each["uid"] for each in whole))
    for each in whole:
        assert each["calendars"] == [name for name, uids in singly.items() if each["uid"] in uids]
    assert {len(each["calendars"]) for each in whole} > {1}
    two = json.loads(line("agenda", "his", "HERS", "his", "--days", "20", "--json").stdout)
    assert {name for each in two for name in each["calendars"]} == {"His", "Hers"}
    row = next(row for row in line("agenda", "--days", "20").stdout.splitlines() if "Mine, Hers" in row)
    assert row.index("Mine, Hers") > 10
    assert line("agenda", "Mine", "Yours").exit_code == 2


def test_the_agenda_of_others_is_shown_where_one_login_is_missing(line: Line) -> None:
    """The calendars of the other accounts are there, and the error and its exit status come at the end."""
    line("logout", "--account", "anna")
    result = line("agenda", "--days", "20", "--json")
    assert (result.exit_code, "--account anna" in result.stderr) == (4, True)
    assert {name for each in json.loads(result.stdout) for name in each["calendars"]} == {"Mine", "His"}


def test_an_outage_is_one_line_of_the_agenda(line: Line) -> None:
    """However many accounts cannot ask Trakt, it is said once."""
    line.demo.misbehave(Fault(status=503, times=0))
    result = line("agenda", "--fresh")
    assert (result.exit_code, result.stdout, result.stderr.count("Error: ")) == (5, "", 1)


def test_fresh_asks_once_for_all_calendars_of_an_account(line: Line, home: Path) -> None:
    """A second calendar of the same shows costs no request."""
    more = f'[calendar.More]\nhours = "whole-day"\noutput = "{home}/more.ics"\n'
    counts = []
    for text in ("", "", more):  # the first time the account's zone is asked for too
        write_settings(home, SETTINGS.format(url=line.demo.url, folder=home) + text)
        before = len(line.demo.requests)
        assert line("agenda", "--account", "", "--fresh").exit_code == 0
        counts.append(len(line.demo.requests) - before)
    assert counts[1] == counts[2] > 0


def test_an_unknown_account_is_answered_with_the_nearest(line: Line) -> None:
    """A slip must not become another account."""
    for command in (("login",), ("export",), ("status",), ("checkin",), ("feed", "list"), ("config",)):
        result = line(*command, "--account", "ana")
        assert (result.exit_code, "Did you mean anna?" in result.stderr) == (3, True)


def test_each_command_takes_the_account_that_it_is_told(line: Line) -> None:
    """A check-in is anna's; her agenda, page and settings are her own."""
    assert line("checkin", "--account", "anna", "cold platform", "16x02", "--early").exit_code == 0
    accounts = line.demo.backend.accounts
    assert [accounts[user].find_running() is not None for user in USERS.values()] == [False, True, False]
    assert "Nothing" not in line("checkin", "--status", "--account", "anna").stdout
    pages = {line("feed", "page", "--account", account).stdout for account in USERS}
    assert len(pages) == len(USERS)
    shown = line("config", "--account", "anna").stdout
    assert "ben" not in shown


def test_a_calendar_names_its_account(line: Line) -> None:
    """Where a calendar is named, nobody has to name its account as well."""
    assert line("agenda", "hers").exit_code == 0
    assert line("export", "His").exit_code == 0
    assert line("feed", "url", "Hers").exit_code == 0
    assert line("feed", "url", "Hers", "--account", "ben").exit_code == 2


def test_a_shell_completes_the_titles_of_the_chosen_account(line: Line, home: Path) -> None:
    """Those of nobody else."""
    assert line("export").exit_code == 0
    program = Path(sys.executable).with_name("trakt-ical")
    for account, completed in (("anna", "plain,cold-platform"), ("''", "")):
        words = {"COMP_WORDS": f"trakt-ical checkin --account {account} cold", "COMP_CWORD": "4"}
        environ = {**os.environ, **line.environ, "_TRAKT_ICAL_COMPLETE": "bash_complete", **words}
        found = subprocess.run([program], env=environ, capture_output=True, text=True, check=False)
        assert (found.stdout.strip(), found.stderr) == (completed, "")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_somebody_logs_in_with_a_phone(line: Line, home: Path, encoding: str) -> None:
    """Anna scans a QR code that has her code in it; nothing but her account is touched, and no browser opens."""
    find_token(home, "anna").unlink()
    command = [sys.executable, "-m", "trakt_ical", "login", "--account", "anna", "--qr"]
    environ = {**os.environ, **line.environ, "PYTHONIOENCODING": encoding}
    with Demo(interval=1) as demo:
        write_settings(home, SETTINGS.format(url=demo.url, folder=home))
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as running:
            assert running.stderr is not None
            head = running.stderr.readline().decode()
            page = running.stderr.readline().decode().removeprefix("Open").strip()
            code = running.stderr.readline().decode().removeprefix("Enter").strip()
            drawn = [running.stderr.readline().decode(encoding).rstrip("\n") for _ in range(12)]
            form = {"code": code, "choice": "allow", "user": "anna"}
            assert requests.post(page, data=form, timeout=60).status_code == 200
            rest = running.stderr.read().decode(encoding)
        assert running.returncode == 0, rest
    assert "anna" in head
    assert "Logged in to the account anna as anna." in rest
    assert json.loads(find_token(home, "anna").read_text(encoding="utf-8"))["username"] == "anna"
    if encoding == "utf-8":
        assert read_qr([*drawn, *rest.splitlines()[:-2]]) == f"{page}/{code}"


def read_qr(rows: list[str]) -> str:
    """Return what a camera reads in *rows* of half blocks, light ones on a dark screen."""
    decoder = pytest.importorskip("zxingcpp", reason="no zxing-cpp for this platform")
    halves = {" ": (0, 0), "▀": (255, 0), "▄": (0, 255), "█": (255, 255)}
    lines = [bytes(halves[sign][half] for sign in row for _ in range(8)) for row in rows for half in (0, 1)]
    image = memoryview(b"".join(each * 8 for each in lines))
    [found] = decoder.read_barcodes(image.cast("B", [len(lines) * 8, len(lines[0])]))
    return str(found.text)


def test_a_renamed_account_logs_in_anew(line: Line, home: Path) -> None:
    """A name is what a login is kept under: under another one there is none, and the old one stays where it was."""
    assert line("export").exit_code == 0
    text = (home / "config.toml").read_text(encoding="utf-8")
    write_settings(home, text.replace("anna", "ann"))
    result = line("export", "Hers")
    assert (result.exit_code, "login --account ann\n" in result.stderr) == (4, True)
    shutil.copytree(home / "accounts" / "anna", home / "accounts" / "ann")
    assert line("export", "Hers").exit_code == 0


def test_an_account_that_is_added_leaves_the_others_as_they_were(line: Line, home: Path) -> None:
    """The account above all tables keeps its login, its calendar and its addresses."""
    text = SETTINGS.format(url=line.demo.url, folder=home)
    before = "\n".join(text.splitlines()[:5]) + f'\noutput = "{home}/mine.ics"\n'
    write_settings(home, before)
    assert line("export").exit_code == 0
    octets, page, url = (home / "mine.ics").read_bytes(), line("feed", "page").stdout, line("feed", "url").stdout
    added = '[account.anna]\n[calendar.Hers]\naccount = "anna"\n[calendar.Trakt]\noutput = "mine.ics"\n'
    write_settings(home, before.replace("output", "# ") + added.replace("mine.ics", str(home / "mine.ics")))
    assert line("export", "Trakt").exit_code == 0
    assert (home / "mine.ics").read_bytes() == octets
    assert (line("feed", "page", "--account", "").stdout, line("feed", "url", "Trakt").stdout) == (page, url)
    assert line("feed", "url", "Hers").stdout != url


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\\\b", "", " ", "a\\u0000", "-x", "x" * 65, "ann\\na"])
def test_a_hostile_name_is_refused(line: Line, home: Path, name: str) -> None:
    """It would be a folder elsewhere, or an option."""
    write_settings(home, f'[account."{name}"]\n')
    assert line("status").exit_code == 3


def test_a_server_that_is_down_is_waited_for_once(line: Line, home: Path) -> None:
    """One outage: the accounts after the first are not kept waiting for it, and each output knows of it."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        write_settings(home, SETTINGS.format(url=f"http://127.0.0.1:{closed.getsockname()[1]}", folder=home))
        done = line("export")
    assert (done.exit_code, len(line.clock.slept)) == (5, 3)
    outputs = json.loads(line("status", "--json").stdout)["outputs"]
    assert [bool(each["failing_since"]) for each in outputs] == [True, True, True]
    line.clock.slept.clear()
    shown = line("agenda")
    assert (shown.exit_code, len(line.clock.slept), shown.stderr.count("Error: ")) == (5, 1, 1)


def test_a_calendar_without_an_account_says_what_it_lacks(line: Line, home: Path) -> None:
    """Nobody is logged in above all tables: perhaps the calendar there only lacks its account."""
    find_token(home, "").unlink()
    for command in ("export", "status"):
        done = line(command)
        assert (done.exit_code, "Mine" in done.output, 'account = "NAME"' in done.output) == (4, True, True)

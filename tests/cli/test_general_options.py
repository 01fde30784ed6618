"""The general options: the same before and after the command's name."""

from __future__ import annotations

import contextlib
import json
import logging
import re
from pathlib import Path

import pytest

from tests.conftest import Line
from trakt_ical.app.context import Accounts
from trakt_ical.app.environment import Environment
from trakt_ical.app.serve import ServedAccounts
from trakt_ical.cli import serve
from trakt_ical.cli.run import Run

LOGGED = re.compile(r"\d\d:\d\d:\d\d DEBUG GET /calendars/my/shows/\S+: 200, \d+ octets")


@pytest.mark.parametrize("arguments", [("-v", "export"), ("export", "-v"), ("export", "--verbose")])
def test_verbose_shows_the_log(line: Line, arguments: tuple[str, ...]) -> None:
    """With -v each request is a line on stderr with its time and level, wherever the option stands."""
    result = line(*arguments)
    assert result.stdout == ""
    assert any(map(LOGGED.fullmatch, result.stderr.splitlines()))


def test_without_verbose_a_warning_is_a_plain_line(line: Line, tmp_path: Path) -> None:
    """A warning begins with its kind; with -v it has time and level, as every line of the log."""
    file = tmp_path / "open.toml"
    file.write_text('password = "x"')
    file.chmod(0o644)
    assert line("config", "--config", str(file)).stderr.startswith("Warning: ")
    assert re.match(r"\d\d:\d\d:\d\d WARNING \S", line("config", "--config", str(file), "-v").stderr)
    assert "holds secrets" not in line("config", "--config", str(file), "-q").stderr


@pytest.mark.parametrize("arguments", [("-q", "export"), ("export", "-q"), ("export", "--quiet")])
def test_quiet_shows_errors_only(line: Line, arguments: tuple[str, ...]) -> None:
    """With -q a run that succeeds says nothing, wherever the option stands."""
    assert line(*arguments).output == ""
    assert line(*arguments, "-o", "/no/such/folder/x.ics").stderr.startswith("Error: ")


@pytest.mark.parametrize("arguments", [("-v", "-q", "export"), ("-v", "export", "-q"), ("feed", "-q", "list", "-v")])
def test_verbose_and_quiet_exclude_each_other(line: Line, arguments: tuple[str, ...]) -> None:
    """Both at once is wrong usage, wherever they stand."""
    assert line(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("--demo", "config"), ("config", "--demo")])
def test_demo_stands_before_or_after(line: Line, arguments: tuple[str, ...]) -> None:
    """`--demo` uses the built-in Trakt wherever it stands."""
    assert "the built-in Trakt" in line(*arguments).stdout


@pytest.mark.parametrize("before", [("feed", "--demo", "list"), ("feed", "list", "--demo"), ("--demo", "feed", "list")])
def test_a_command_of_a_group_takes_them_everywhere(line: Line, before: tuple[str, ...]) -> None:
    """A subcommand takes general options before the group, after it, and at the end."""
    result = line(*before)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Trakt")


def test_config_stands_before_or_after(line: Line, tmp_path: Path) -> None:
    """`--config` names the settings file wherever it stands; the same one twice is fine, another is wrong usage."""
    file = tmp_path / "c.toml"
    file.write_text("back = 5")
    for arguments in (("--config", str(file), "config"), ("config", "--config", str(file))):
        assert re.search("^back +5 ", line(*arguments).stdout, re.M)
    assert line("--config", str(file), "config", "--config", str(file)).exit_code == 0
    result = line("--config", str(file), "config", "--config", "other.toml")
    assert (result.exit_code, "other.toml" in result.stderr) == (2, True)


def test_json_stands_before_or_after(line: Line) -> None:
    """`--json` may precede a command that prints JSON; before one that does not it is wrong usage."""
    assert json.loads(line("--json", "agenda").stdout) == json.loads(line("agenda", "--json").stdout)
    assert line("--json", "login").exit_code == 2


def test_advice_repeats_the_general_options(line: Line, tmp_path: Path) -> None:
    """A command that a message offers uses the same server and settings as the one that failed."""
    file = tmp_path / "my file.toml"
    file.write_text("")
    assert "Run: trakt-ical --demo login" in (line("logout", "--demo"), line("export", "--demo"))[1].stderr
    environ = {"TRAKT_ICAL_TOKEN_FILE": str(tmp_path / "none.json")}
    result = line("export", "--config", str(file), environ=environ)
    assert f"Run: trakt-ical --config '{file}' login" in result.stderr


def test_each_advised_command_is_about_the_same_files(line: Line, tmp_path: Path) -> None:
    """Also outside of errors, and in JSON, an advised command repeats the general options and no more than those."""
    file = tmp_path / "my.toml"
    file.write_text("")
    wanted = f"trakt-ical --config {file} "
    environ = {"TRAKT_ICAL_TOKEN_FILE": str(tmp_path / "none.json")}
    for words in (("status", "--json"), ("doctor", "--json"), ("doctor",), ("schedule", "status", "--with", "cron")):
        shown = line("--config", str(file), *words, environ=environ).output
        advised = re.findall("trakt-ical [-a-z]+ ?[^ ]*", shown)
        assert wanted in shown
        assert [each for each in advised if not each.startswith(wanted.strip())] == []


def test_the_page_advises_commands_with_the_general_options(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever serves with --home reads on the page what to run with --home, as text and not as HTML."""
    pages = []

    def draw_page(accounts: Accounts, report: object) -> bool:
        with contextlib.closing(ServedAccounts(accounts.open_all())) as served:
            served.open()
            pages.append(served.services[0].render_page("http://127.0.0.1:1").decode())
        return True

    monkeypatch.setattr("trakt_ical.app.serve.serve", draw_page)
    assert line("--home", str(tmp_path / "a<b"), "serve").exit_code == 0
    [page] = pages
    assert f"trakt-ical --home &#39;{tmp_path}/a&lt;b&#39; feed renew" in page
    assert "trakt-ical feed" not in page


def test_what_prints_a_table_prints_json_too(line: Line) -> None:
    """What `status`, `config`, `feed list` and `explain` show is there for programs too; secrets stay masked."""
    line("export")
    moments = dict.fromkeys(("last_success", "last_change", "held_back_since"))
    feed = {"name": "Trakt", **moments, "is_foreign": False}
    for arguments in (("--json", "feed", "list"), ("feed", "--json", "list"), ("feed", "list", "--json")):
        assert json.loads(line(*arguments).stdout) == [feed]
    airing = json.loads(line("agenda", "--json").stdout)[0]
    explained = json.loads(line("explain", airing["uid"], "--json").stdout)
    assert (explained["uid"], explained["is_shown"]) == (airing["uid"], True)
    assert explained["steps"]
    status = json.loads(line("status", "--json").stdout)
    assert status["login"]["username"] == line.demo.username
    assert [(each["output"], each["held_back_since"]) for each in status["outputs"]] == [
        (str(line.ics.resolve()), None)
    ]
    settings = {each["name"]: each for each in json.loads(line("--json", "config").stdout)}
    assert settings["back"] == {"calendar": "", "account": "", "name": "back", "value": "30", "origin": "default"}
    assert settings["password"]["value"] == "(set)"


def test_addresses_and_files_are_json_too(line: Line, home: Path) -> None:
    """An address has the name of its feed, the page has none, and each file of a schedule its place."""
    url = line("feed", "url").stdout.strip()
    assert json.loads(line("feed", "url", "--json").stdout) == {"name": "Trakt", "url": url}
    renewed = json.loads(line("feed", "renew", "--json").stdout)
    assert (renewed["name"], renewed["url"] == line("feed", "url").stdout.strip() != url) == ("Trakt", True)
    page = {"name": None, "url": line("feed", "page").stdout.strip()}
    assert json.loads(line("--json", "feed", "page").stdout) == page
    files = json.loads(line("schedule", "show", "--with", "systemd", "--json").stdout)
    assert [Path(file["place"]).suffix for file in files] == [".service", ".timer"]
    assert line("schedule", "show", "--with", "systemd").stdout == "".join(file["text"] for file in files)


def test_the_start_of_one_account_names_its_page(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of several accounts one alone may be served; the command that prints its page must say which one it is."""
    settings = tmp_path / "settings.toml"
    settings.write_text('client_id = "abc"\n[account.anna]\n[account.tom]\n', encoding="utf-8")
    run = Run(config=str(settings), environment=Environment(environ={}))
    with run.accounts({"account": "anna"}) as accounts, caplog.at_level(logging.INFO, "trakt_ical"):
        serve._report_start(run, accounts.open_all(), ["http://127.0.0.1:8642"])
    assert caplog.messages[-1] == f"How to subscribe: trakt-ical --config {settings} feed page --account anna"

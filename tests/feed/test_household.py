"""A household in one settings file: one server, a page for each account, and no account touches another."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.checkins import post_form, read_form_token
from tests.conftest import Line
from tests.demos import make_environ
from tests.feeds import RunningFeed, run_feed
from trakt_ical.app.serve import STAGGER, find_first_delays
from trakt_ical.demo import Fault
from trakt_ical.feed import access_log
from trakt_ical.trakt.token import Token, TokenFile

NAMES = ("demo", "anna", "ben")
PERSONAL = ("TOKEN_FILE", "OUTPUT", "USERNAME", "PASSWORD")


def save_token(line: Line, account: str, username: str) -> Path:
    """Log *account* in as *username*; return the file of the login."""
    path = line.folder / f"{account}.json"
    TokenFile(path).save(msgspec.structs.replace(msgspec.convert(line.demo.grant(username), Token), username=username))
    return path


@pytest.fixture
def household(line: Line) -> Line:
    """A command line whose settings file has three accounts with a calendar each."""
    lines = []
    for name in NAMES:
        token = save_token(line, name, name)
        lines.append(f'[account.{name}]\ntoken_file = "{token}"\n[calendar."TV of {name}"]\naccount = "{name}"\n')
    settings = line.folder / "config.toml"
    settings.write_text("".join(lines), encoding="utf-8")
    left_out = {f"TRAKT_ICAL_{name}" for name in PERSONAL}
    environ = {name: value for name, value in make_environ(line.demo).items() if name not in left_out}
    return replace(line, environ=environ | {"TRAKT_ICAL_CONFIG": str(settings)})


@pytest.fixture
def serving(household: Line) -> Iterator[RunningFeed]:
    """A server of the three accounts, each with its first copy."""
    with run_feed(household) as running:
        for service in running.accounts.services:
            service.refresher.step()
        yield running


def find_url(line: Line, running: RunningFeed, *command: str) -> str:
    """Return the address that a command prints, at the port of the running server."""
    result = line("feed", *command)
    assert result.exit_code == 0, result.output
    return re.sub(r"^http://[^/]+", running.base, result.stdout.strip())


def test_each_account_has_a_page_and_addresses_of_its_own(household: Line, serving: RunningFeed) -> None:
    """A page shows its own account's calendars, and no word or address of the others."""
    urls = {name: find_url(household, serving, "url", f"TV of {name}") for name in NAMES}
    pages = {name: find_url(household, serving, "page", "--account", name) for name in NAMES}
    assert len({url.split("/")[3] for url in (*urls.values(), *pages.values())}) == 6
    for name in NAMES:
        calendar = serving.get(urls[name]).content.replace(b"\r\n ", b"")
        assert f"SCOPE:v2/my/{name}/".encode() in calendar
        text = serving.get(pages[name]).text
        assert f"TV of {name}" in text
        for other in set(NAMES) - {name}:
            assert f"TV of {other}" not in text
            assert urls[other].split("/")[3] not in text


def test_one_logged_out_and_one_throttled_do_not_touch_the_third(household: Line, serving: RunningFeed) -> None:
    """The third is refreshed on time; the first two keep their last good copies, and their own pages say why."""
    urls = {name: find_url(household, serving, "url", f"TV of {name}") for name in NAMES}
    pages = {name: find_url(household, serving, "page", "--account", name) for name in NAMES}
    before = {name: serving.get(urls[name]) for name in NAMES}
    (household.folder / "demo.json").unlink()
    household.demo.misbehave(Fault(user="anna", status=429, retry_after=3000, times=0))
    household.clock.pass_by(hours=2)
    for service in serving.accounts.services:
        service.refresher.step()
    after = {name: serving.get(urls[name]) for name in NAMES}
    assert {name: after[name].status_code for name in NAMES} == dict.fromkeys(NAMES, 200)
    renewed = {name for name in NAMES if after[name].headers["Last-Success"] != before[name].headers["Last-Success"]}
    assert renewed == {"ben"}
    troubles = {name: re.findall('class="trouble"[^>]*><p>([^<]+)', serving.get(pages[name]).text) for name in NAMES}
    assert "login" in troubles["demo"][0]
    assert troubles["anna"]
    assert troubles["ben"] == []
    health = serving.get(serving.base + "/healthz")
    assert (health.status_code, health.json()["refreshers"]) == (200, {"failing": 2, "well": 1})


def test_an_account_that_was_never_logged_in_keeps_nobody_waiting(household: Line) -> None:
    """Its calendar is waited for with 503; the service is well for the others."""
    (household.folder / "anna.json").unlink()
    with run_feed(household) as running:
        for service in running.accounts.services:
            service.refresher.step()
        statuses = {
            name: running.get(find_url(household, running, "url", f"TV of {name}")).status_code for name in NAMES
        }
        assert statuses == {"demo": 200, "anna": 503, "ben": 200}
        assert running.get(running.base + "/healthz").status_code == 200


def test_two_accounts_of_one_user_do_not_mix(household: Line, caplog: pytest.LogCaptureFixture) -> None:
    """The second is not served, and a sentence names both; once it is logged in as somebody else it is."""
    token = save_token(household, "ben", "anna")
    with run_feed(household) as running:
        for service in running.accounts.services:
            service.refresher.step()
        assert re.search("account anna .*account ben", caplog.text)
        assert running.find_service("ben").store.calendars == {}
        page = find_url(household, running, "page", "--account", "anna")
        assert "TV of anna" in running.get(page).text
        assert "TV of ben" not in running.get(page).text
        assert running.get(find_url(household, running, "url", "TV of ben")).status_code == 404
        assert save_token(household, "ben", "ben") == token
        household.clock.pass_by(hours=2)
        running.find_service("ben").refresher.step()
        calendar = running.get(find_url(household, running, "url", "TV of ben")).content
        assert b"/ben/" in calendar.replace(b"\r\n ", b"")


def test_a_login_by_somebody_else_moves_that_account_alone(household: Line, serving: RunningFeed) -> None:
    """Its old addresses are gone, and those of the others stay; it cannot take the folder of a served account."""
    urls = {name: find_url(household, serving, "url", f"TV of {name}") for name in NAMES}
    save_token(household, "ben", "demo")
    household.clock.pass_by(hours=2)
    for service in serving.accounts.services:
        service.refresher.step()
    assert {name: serving.get(urls[name]).status_code for name in NAMES} == {"demo": 200, "anna": 200, "ben": 404}
    assert "same user" in serving.find_service("ben").trouble
    assert b"/demo/" in serving.get(urls["demo"]).content.replace(b"\r\n ", b"")


def test_check_in_links_check_in_as_their_account(household: Line) -> None:
    """The link of a calendar checks in to what its owner watches, whoever else is served."""
    with run_feed(household, checkin_links="true", public_url="http://localhost:1") as running:
        for service in running.accounts.services:
            service.refresher.step()
        for name in ("anna", "ben"):
            url = find_url(household, running, "url", f"TV of {name}")
            calendar = running.get(running.base + "/" + url.split("/", 3)[3]).content.replace(b"\r\n ", b"").decode()
            link = re.findall(r"http://localhost:1(/check-in/[\w%.-]+/\d{8}T\d{6}Z/[\w-]+)", calendar)[-1]
            form = running.get(running.base + link)
            assert form.status_code == 200
            token = read_form_token(form)
            household.demo.requests.clear()
            post_form(running.base + link, token)
            (seen,) = [each for each in household.demo.requests if each.path == "/checkin"]
            assert household.demo.backend.auth.find_user(seen.bearer()) == name


def test_first_refreshes_are_spread(household: Line) -> None:
    """Those without a copy are first; the others follow, the oldest copy first, half a minute apart or less."""
    with run_feed(household) as running:
        apps = [service.app for service in running.accounts.services]
        assert set(find_first_delays(apps).values()) == {0 * STAGGER}
        for name in ("ben", "demo"):
            running.find_service(name).refresher.step()
            household.clock.pass_by(minutes=1)
        assert find_first_delays(apps) == {"anna": 0 * STAGGER, "ben": STAGGER, "demo": 2 * STAGGER}
        running.find_service("anna").refresher.step()
        assert find_first_delays(apps) == {"ben": 0 * STAGGER, "demo": STAGGER, "anna": 2 * STAGGER}


def test_a_log_line_names_its_account(household: Line) -> None:
    """With several accounts each line of a refresher names whose it is."""
    (household.folder / "anna.json").unlink()
    lines: list[tuple[object, str]] = []

    class LineLog(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((getattr(record, "account", None), record.getMessage()))

    ours, handler = logging.getLogger("trakt_ical"), LineLog()
    ours.addHandler(handler)
    try:
        with run_feed(household) as running, access_log.mask_secrets(running.accounts.directory):
            for member in running.accounts.pool.find_startable():
                running.accounts.pool.work(member)
    finally:
        ours.removeHandler(handler)
    assert [account for account, line in lines if "could not be refreshed" in line] == ["anna"]

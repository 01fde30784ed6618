"""Two accounts on one machine share nothing of the feed: no address, no page, no copy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
import requests

from tests.conftest import Line
from tests.feeds import run_demo_process, run_feed
from trakt_ical.demo import Drop, Fault
from trakt_ical.export.ics import hash_parts

ACCOUNTS = ("demo", "anna", "v1")


@pytest.fixture
def accounts(line: Line) -> dict[str, dict[str, str]]:
    """The settings of each account, for the environment: two logins of API v2 and one user of v1."""
    first = Path(line.environ["TRAKT_ICAL_TOKEN_FILE"])
    second = first.with_name("anna.json")
    second.write_text(json.dumps(json.loads(first.read_text()) | {"username": "anna"}), encoding="utf-8")
    return {"demo": {}, "anna": {"TRAKT_ICAL_TOKEN_FILE": str(second)}, "v1": {"TRAKT_ICAL_API": "v1"}}


def list_secrets(line: Line, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets of feed and page."""
    return tuple(line("feed", command, environ=environ).stdout.strip().split("/")[3] for command in ("url", "page"))


@pytest.mark.parametrize("order", list(permutations(ACCOUNTS)))
def test_each_account_has_addresses_of_its_own(
    line: Line, accounts: dict[str, dict[str, str]], order: tuple[str, ...]
) -> None:
    """In whatever order they come, and after a renewal, no two accounts have a secret in common."""
    before = {name: list_secrets(line, accounts[name]) for name in order}
    assert len({secret for secrets in before.values() for secret in secrets}) == 6
    assert line("feed", "renew", environ=accounts[order[1]]).exit_code == 0
    after = {name: list_secrets(line, accounts[name]) for name in reversed(order)}
    assert {name for name in order if after[name] != before[name]} == {order[1]}


def test_no_account_is_served_anothers_calendar(line: Line, accounts: dict[str, dict[str, str]]) -> None:
    """Each server has its own account's copy, also after a restart with Trakt down; other secrets lead nowhere."""
    secrets = {}
    for name in ACCOUNTS:
        line.environ.update(accounts[name])
        with run_feed(line) as running:
            running.refresh()
            assert f"/{name.replace('v1', 'demo')}/".encode() in running.get().content.replace(b"\r\n ", b"")
        secrets[name] = list_secrets(line, accounts[name])[0]
        for setting in accounts[name]:
            line.environ[setting] = {"TRAKT_ICAL_API": "v2"}.get(setting, str(line.folder / "token.json"))
    line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    for name in ACCOUNTS:
        line.environ.update(accounts[name])
        with run_feed(line) as running:
            statuses = {other: running.get(f"{running.base}/{secrets[other]}").status_code for other in ACCOUNTS}
            assert statuses == {other: 200 if other == name else 404 for other in ACCOUNTS}
        for setting in accounts[name]:
            line.environ[setting] = {"TRAKT_ICAL_API": "v2"}.get(setting, str(line.folder / "token.json"))


def test_a_login_by_somebody_else_gets_nothing_of_the_account_before(line: Line) -> None:
    """Their calendar has an address of its own, and the old one is gone, until the first account is logged in again."""
    token = line.folder / "token.json"
    mine = token.read_text(encoding="utf-8")
    with run_feed(line) as running:
        running.refresh()
        good, path = running.get(), running.path
        token.write_text(json.dumps(json.loads(mine) | {"username": "anna"}), encoding="utf-8")
        line.clock.pass_by(hours=2)
        running.refresh()
        assert b"/anna/" in running.get().content.replace(b"\r\n ", b"")
        assert running.get(running.base + path).status_code == 404
    with run_feed(line) as running:
        assert running.get(running.base + path).status_code == 404
        assert running.get().status_code == 200
    token.write_text(mine, encoding="utf-8")
    with run_feed(line) as running:
        assert running.get(running.base + path).content == good.content
    token.unlink()
    with run_feed(line) as running:
        assert running.get(running.base + path).content == good.content


@pytest.mark.parametrize("first", ["demo", "anna"])
def test_a_folder_of_an_earlier_version_stays_with_who_wrote_it(
    line: Line, accounts: dict[str, dict[str, str]], first: str
) -> None:
    """Whoever comes first, the account whose copy lies in the old folder keeps its address."""
    with run_feed(line) as running:
        running.refresh()
        path = running.path
        owners = running.folder.path / "accounts.json"
    owners.unlink()
    addresses = {name: list_secrets(line, accounts[name])[0] for name in (first, *{"demo", "anna"} - {first})}
    assert addresses["demo"] == path.split("/")[1]
    assert addresses["anna"] != addresses["demo"]


def make_foreign(copy: Path) -> bytes:
    """Make the stored *copy* another account's, whole and well; return its octets."""
    head, _, rest = copy.read_bytes().partition(b"X-TRAKT-ICAL-SUM:")
    rest = rest.partition(b"\r\n")[2].replace(b"SCOPE:v2/my/demo/", b"SCOPE:v2/my/anna/")
    copy.write_bytes(b"".join((head, b"X-TRAKT-ICAL-SUM:", hash_parts(rest), b"\r\n", rest)))
    return copy.read_bytes()


def test_a_copy_of_another_account_is_neither_served_nor_replaced(line: Line) -> None:
    """Page, health and `feed list` report it until `feed accept --force` replaces it and keeps it beside."""
    with run_feed(line) as running:
        running.refresh()
        copy = Path(running.folder.make_store("Trakt").name)
        good = running.get()
        octets = make_foreign(copy)
        running.service.reload()
        assert running.get(headers={"If-None-Match": good.headers["ETag"]}).status_code == 503
    with run_feed(line) as running:
        for _ in range(2):
            answer = running.get()
            assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
            assert "feed accept Trakt --force" in running.get(running.page).text
            health = running.get(running.base + "/healthz")
            assert (health.status_code, health.json()["foreign"]) == (503, 1)
            running.refresh()
        assert copy.read_bytes() == octets
        assert json.loads(line("feed", "list", "--json").stdout)[0]["is_foreign"] is True
        assert "feed accept Trakt --force" in line("feed", "list").stdout
        assert line("feed", "accept").exit_code == 6
        assert copy.read_bytes() == octets
        line.clock.pass_by(minutes=1)
        assert line("feed", "accept", "--force").exit_code == 0
        running.service.reload()
        assert b"/demo/" in running.get().content.replace(b"\r\n ", b"")
        assert 'class="trouble"' not in running.get(running.page).text
        assert running.get(running.base + "/healthz").json()["foreign"] == 0
    assert copy.with_name("Trakt.ics.old").read_bytes() == octets


def test_a_second_server_of_one_account_is_refused(line: Line) -> None:
    """It ends with status 6 and names the first one's address and process; other accounts are free."""
    with run_feed(line) as running:
        running.accounts.claims.note_addresses([running.base])
        result = line("serve", "--listen", "127.0.0.1:0")
        assert result.exit_code == 6
        assert running.base in result.stderr
        assert str(os.getpid()) in result.stderr
        v1 = line.environ | {"TRAKT_ICAL_API": "v1"}
        with run_feed(replace(line, environ=v1)) as other:
            other.refresh()
            assert other.get().status_code == 200
        running.refresh()
        assert line("feed", "renew").exit_code == 0
        assert line("feed", "accept").exit_code == 0
        assert line("export").exit_code == 0
    with run_feed(line) as running:
        assert running.get().status_code == 200


def test_a_killed_server_leaves_its_accounts_free() -> None:
    """The lock ends with the process, so that the next start needs no cleaning up."""
    for _ in range(2):
        with run_demo_process("serve", "--listen", "127.0.0.1:0") as (process, base):
            assert requests.get(base + "/healthz", timeout=60).status_code in (200, 503)
            second = [sys.executable, "-m", "trakt_ical", "--demo", "serve", "--listen", "127.0.0.1:0"]
            refused = subprocess.run(second, capture_output=True, text=True, timeout=60)
            assert (refused.returncode, base in refused.stderr) == (6, True)
            assert f"process {process.pid}" in refused.stderr
            process.kill()

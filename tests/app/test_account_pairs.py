"""Accounts of one computer, each by a settings file of its own, against the files of each other.

They are the built-in Trakt's, two users of API v2 and one of API v1, who is one of those two.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
from itertools import cycle, permutations
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from tests.checkins import PUBLIC, count_check_ins
from tests.conftest import Line
from tests.demos import Demo, log_in
from tests.feeds import run_feed
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.demo import Drop, Fault
from trakt_ical.http import name_server
from trakt_ical.trakt.token import TokenFile

OWNERS = {"builtin": "v2/my/demo", "anna": "v2/my/anna", "ben": "v2/my/ben", "v1": "v1/my/anna"}
PAIRS = list(permutations(OWNERS, 2))
SERVED = [name for name in OWNERS if name != "builtin"]

SETTINGS = """
api_url = "{url}"
auth_url = "{url}"
client_id = "demo-client-id"
public_url = "{public}"
checkin_links = true
output = "{folder}/{name}.ics"
"""
LOGINS = {
    "anna": 'token_file = "{folder}/anna.json"\n',
    "ben": 'token_file = "{folder}/ben.json"\n',
    "v1": 'api = "v1"\napi_key = "demo-api-key"\nusername = "anna"\npassword = "anna-password"\n',
}

PROCESS = """
import sys
from datetime import datetime

from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli

now = datetime.fromisoformat(sys.argv[1])
cli(sys.argv[2:], obj=Environment(lambda: now, environ={}))
"""


class Accounts:
    """The command line of each account; they have one home folder."""

    def __init__(self, line: Line) -> None:
        self.line = line
        line.environ.clear()
        for name, login in LOGINS.items():
            text = (SETTINGS + login).format(url=line.demo.url, folder=line.folder, name=name, public=PUBLIC)
            self.find_settings(name).write_text(text, encoding="utf-8")
            self.find_settings(name).chmod(0o600)
        for name in ("anna", "ben"):
            log_in(line.demo, line.folder / f"{name}.json", name)

    def find_settings(self, name: str) -> Path:
        """Return the settings file of an account."""
        return self.line.folder / f"{name}.toml"

    def find_output(self, name: str) -> Path:
        """Return the file that an account's export writes."""
        return self.line.folder / f"{name}.ics"

    def run(self, name: str, *arguments: str) -> int:
        """Run a command with the account *name*, and return its exit status."""
        return self.line(*self.choose(name), *arguments).exit_code

    def read(self, name: str, *arguments: str) -> str:
        """Return what a command of the account *name* prints."""
        result = self.line(*self.choose(name), *arguments)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    def choose(self, name: str) -> tuple[str, ...]:
        """Return the options that choose an account."""
        return ("--demo",) if name == "builtin" else ("--config", str(self.find_settings(name)))

    def export(self, name: str) -> bytes:
        """Write the calendar of an account, and return it."""
        assert self.run(name, "export", "-o", str(self.find_output(name))) == 0
        return self.find_output(name).read_bytes()

    def start_export(self, name: str) -> subprocess.Popen[bytes]:
        """Start to write the calendar of an account, as another process by the same clock."""
        words = (*self.choose(name), "export", "-o", str(self.find_output(name)))
        return subprocess.Popen([sys.executable, "-c", PROCESS, self.line.clock().isoformat(), *words])

    def find_copy(self, name: str) -> Path:
        """Return where the feed's stored copy of an account is."""
        environment = Environment(self.line.clock, environ=self.line.environ)
        flags = {} if name == "builtin" else {"config": str(self.find_settings(name))}
        with open_app(flags, demo=name == "builtin", environment=environment) as app:
            return Path(make_feed_folder(app).make_store("Trakt").name)


@pytest.fixture
def accounts(line: Line) -> Accounts:
    """Return the accounts, all of them logged in."""
    return Accounts(line)


def read_owner(octets: bytes) -> str:
    """Return whose calendar *octets* are."""
    found = re.search(rb"X-TRAKT-ICAL-SCOPE:(\w+/\w+/\w+)/", octets)
    assert found
    return found[1].decode()


@pytest.mark.parametrize(("asking", "owner"), PAIRS)
def test_no_export_replaces_anothers_file(accounts: Accounts, asking: str, owner: str) -> None:
    """It ends with 6, and the file stays; with --force a copy of it is kept."""
    theirs = accounts.export(owner)
    path = accounts.find_output(owner)
    assert read_owner(theirs) == OWNERS[owner]
    assert accounts.run(asking, "export", "-o", str(path)) == 6
    assert path.read_bytes() == theirs
    assert accounts.run(asking, "export", "-o", str(path), "--force") == 0
    assert read_owner(path.read_bytes()) == OWNERS[asking]
    assert theirs in [each.read_bytes() for each in path.parent.glob(f"{path.name}*") if each != path]


@pytest.mark.parametrize(("asking", "owner"), PAIRS)
def test_no_feed_takes_anothers_copy(accounts: Accounts, asking: str, owner: str) -> None:
    """A copy of another account that lies in its folder is neither served nor replaced."""
    assert accounts.run(owner, "feed", "accept") == 0
    assert accounts.run(asking, "feed", "accept") == 0
    theirs, place = accounts.find_copy(owner).read_bytes(), accounts.find_copy(asking)
    assert read_owner(theirs) == OWNERS[owner]
    assert read_owner(place.read_bytes()) == OWNERS[asking]
    shutil.copy(accounts.find_copy(owner), place)
    assert accounts.run(asking, "feed", "accept") == 6
    assert place.read_bytes() == theirs
    if asking in SERVED:
        accounts.line.environ["TRAKT_ICAL_CONFIG"] = str(accounts.find_settings(asking))
        with run_feed(accounts.line) as running:
            running.refresh()
            assert running.get().status_code == 503
            assert running.get(running.page).status_code == 200
            assert b"Cold Platform" not in running.get(running.page).content
        assert place.read_bytes() == theirs


@pytest.mark.parametrize(("asking", "owner"), PAIRS)
def test_no_account_has_an_address_or_a_kept_answer_of_another(accounts: Accounts, asking: str, owner: str) -> None:
    """Each has secrets of its own, and with Trakt down it shows nothing of what the other one fetched."""
    assert len({accounts.read(name, "feed", what) for name in (asking, owner) for what in ("url", "page")}) == 4
    assert accounts.run(owner, "feed", "renew") == 0
    assert accounts.run(owner, "agenda", "--days", "60") == 0
    accounts.line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    if asking != "builtin":  # its Trakt is not down
        assert accounts.run(asking, "agenda", "--days", "60") == 5
    if owner != "builtin":
        assert accounts.run(owner, "agenda", "--days", "60") == 0


@pytest.mark.parametrize(("asking", "owner"), [pair for pair in PAIRS if pair[0] in SERVED])
def test_no_server_follows_anothers_check_in_link(accounts: Accounts, asking: str, owner: str) -> None:
    """It is 404 there, for a GET and for a POST, and nobody is checked in."""
    accounts.line.environ |= {"TRAKT_ICAL_CHECKIN_LINKS": "true", "TRAKT_ICAL_PUBLIC_URL": PUBLIC}
    text = accounts.export(owner).replace(b"\r\n ", b"").decode()
    links = [urlsplit(link).path for link in re.findall(r"https?://[^\s\\]+/check-in/[^\s\\]+", text)]
    assert links
    accounts.line.environ["TRAKT_ICAL_CONFIG"] = str(accounts.find_settings(asking))
    with run_feed(accounts.line) as running:
        running.refresh()
        for link in links[:3]:
            assert running.get(running.base + link).status_code == 404
            assert running.get(running.base + link, method="POST").status_code == 404
    assert count_check_ins(accounts.line) == 0


@pytest.mark.parametrize(("order", "renewed"), list(zip(permutations(SERVED), cycle(SERVED), strict=False)))
def test_servers_beside_each_other_have_a_calendar_each(
    accounts: Accounts, order: tuple[str, ...], renewed: str
) -> None:
    """In every order of start, with Trakt up and down, after a restart and after `feed renew`."""
    line, paths = accounts.line, dict[str, tuple[str, str]]()
    for is_up in (True, False):
        if not is_up:
            assert accounts.run(renewed, "feed", "renew") == 0
            line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
            line.clock.pass_by(hours=2)
        with contextlib.ExitStack() as stack:
            servers = {}
            for name in order if is_up else reversed(order):
                line.environ["TRAKT_ICAL_CONFIG"] = str(accounts.find_settings(name))
                servers[name] = stack.enter_context(run_feed(line))
            for name in order:
                servers[name].refresh()
            before, paths = paths, {name: (each.path, urlsplit(each.page).path) for name, each in servers.items()}
            assert len({path for its in paths.values() for path in its}) == 2 * len(order)
            assert not before or {name for name in order if before[name][0] != paths[name][0]} == {renewed}
            for name, server in servers.items():
                answers = {other: server.get(server.base + paths[other][0]) for other in order}
                assert {other: each.status_code == 200 for other, each in answers.items()} == {
                    other: other == name for other in order
                }
                assert read_owner(answers[name].content.replace(b"\r\n ", b"")) == OWNERS[name]
                pages = {other: server.get(server.base + paths[other][1]).status_code for other in order}
                assert pages == {other: 200 if other == name else 404 for other in order}


def test_a_folder_with_a_long_named_users_copy_is_nobody_elses(accounts: Accounts) -> None:
    """The copy says whose it is on two lines, as a long user name needs."""
    assert accounts.run("anna", "feed", "accept") == 0
    copy = accounts.find_copy("anna")
    theirs = copy.read_bytes().replace(b"v2/my/anna/", b"v2/my/" + b"a" * 50 + b"\r\n " + b"a" * 30 + b"/")
    copy.write_bytes(theirs)
    (copy.parent / "accounts.json").unlink()
    assert accounts.run("ben", "feed", "accept") == 0
    assert accounts.find_copy("ben").parent != copy.parent
    assert copy.read_bytes() == theirs


def test_two_settings_files_export_at_a_time(accounts: Accounts) -> None:
    """Each writes its own calendar; with one login both are the same account."""
    shared = accounts.find_settings("ben").read_text(encoding="utf-8").replace("ben.json", "anna.json")
    accounts.find_settings("ben").write_text(shared, encoding="utf-8")
    # Two processes: click's runner replaces functions of click itself, which no second thread may do meanwhile.
    both = [accounts.start_export("anna"), accounts.start_export("ben")]
    assert [each.wait(60) for each in both] == [0, 0]
    assert [read_owner(accounts.find_output(name).read_bytes()) for name in ("anna", "ben")] == ["v2/my/anna"] * 2
    assert accounts.read("anna", "feed", "url") == accounts.read("ben", "feed", "url")


@pytest.mark.parametrize("command", [("export",), ("login", "--no-browser"), ("logout",), ("checkin",), ("status",)])
def test_a_token_goes_to_no_other_server(accounts: Accounts, command: tuple[str, ...]) -> None:
    """Two settings files may name one token file and different servers: neither is sent the other's token."""
    file = TokenFile(accounts.line.folder / "anna.json")
    file.save(replace(file.load(), server="api.trakt.tv"))
    token = file.path.read_bytes()
    asked = len(accounts.line.demo.requests)
    assert accounts.run("anna", *command) == 3
    assert (file.path.read_bytes(), len(accounts.line.demo.requests)) == (token, asked)


def test_a_login_remembers_its_server(accounts: Accounts) -> None:
    """And keeps it when it is renewed."""
    file, server = TokenFile(accounts.line.folder / "anna.json"), name_server(accounts.line.demo.url)
    file.save(replace(file.load(), server=server))
    accounts.line.demo.expire_tokens()
    accounts.line.clock.pass_by(days=8)
    accounts.export("anna")
    assert json.loads(file.path.read_text(encoding="utf-8"))["server"] == server


def test_what_others_export_is_neither_shown_nor_forgotten(accounts: Accounts) -> None:
    """`status` lists outputs of its own account, also those that the settings name no more; --prune forgets these."""
    accounts.read("ben", "export")
    accounts.read("anna", "export", "-o", str(accounts.line.folder / "old.ics"))
    accounts.read("anna", "export")
    shown = accounts.read("anna", "status")
    assert "old.ics" in shown
    assert "ben.ics" not in shown
    accounts.read("anna", "status", "--prune")
    assert "old.ics" not in accounts.read("anna", "status")
    [output] = json.loads(accounts.read("ben", "status", "--json"))["outputs"]
    assert output["output"].endswith("ben.ics")
    assert output["last_success"]


def test_the_calendar_of_the_world_is_that_of_its_settings_file(accounts: Accounts) -> None:
    """`status` lists an output that is nobody's for the settings file that wrote it, which alone may forget it."""
    world = str(accounts.line.folder / "world.ics")
    accounts.read("ben", "export", "--source", "all", "-o", world)
    assert world not in accounts.read("anna", "status")
    accounts.read("anna", "status", "--prune")
    [output] = json.loads(accounts.read("ben", "status", "--json"))["outputs"]
    assert (output["output"], output["calendar"]) == (world, None)
    accounts.read("ben", "status", "--prune")
    assert world not in accounts.read("ben", "status")


def test_two_servers_on_one_host_are_two_servers(accounts: Accounts) -> None:
    """One user name at two ports of a host: other addresses, another copy, other kept answers, another login."""
    with Demo(now=accounts.line.clock) as other:
        text = accounts.find_settings("v1").read_text(encoding="utf-8")
        accounts.find_settings("there").write_text(text.replace(accounts.line.demo.url, other.url), encoding="utf-8")
        pages = {name: accounts.read(name, "feed", "page") for name in ("v1", "there")}
        assert pages["v1"] != pages["there"]
        assert accounts.find_copy("v1").parent != accounts.find_copy("there").parent
        accounts.read("v1", "agenda")
        accounts.read("there", "agenda")
        assert other.requests
        # A token goes to the port that gave it.
        text = accounts.find_settings("anna").read_text(encoding="utf-8")
        accounts.find_settings("there").write_text(text.replace(accounts.line.demo.url, other.url), encoding="utf-8")
        file = TokenFile(accounts.line.folder / "anna.json")
        file.save(replace(file.load(), server=name_server(accounts.line.demo.url)))
        assert (accounts.run("anna", "agenda"), accounts.run("there", "agenda")) == (0, 3)


@pytest.mark.parametrize("order", [("usual", "other"), ("other", "usual")])
def test_two_ports_of_a_host_share_no_feed_folder(tmp_path: Path, home: Path, order: tuple[str, str]) -> None:
    """One user at the usual port and at another one: whoever comes first, each keeps the folder that it had."""
    found: dict[str, set[Path]] = {name: set() for name in order}
    login = 'api = "v1"\napi_key = "k"\nusername = "anna"\n'
    for name in (*order, *order, *reversed(order)):
        file = tmp_path / f"{name}.toml"
        file.write_text(f'api_url = "https://h{":8443" * (name == "other")}"\n{login}', encoding="utf-8")
        with open_app({"config": str(file)}, demo=False, environment=Environment(environ={})) as app:
            found[name].add(make_feed_folder(app).path)
    assert all(path.is_relative_to(home) for each in found.values() for path in each)
    assert [len(each) for each in found.values()] == [1, 1]
    assert not found["usual"] & found["other"]


def test_an_account_keeps_its_addresses_at_its_first_login(accounts: Accounts) -> None:
    """What was printed before anybody logged in is right afterwards; whoever logs in next has other addresses."""
    accounts.read("anna", "feed", "page")  # has the top folder
    token = accounts.line.folder / "ben.json"
    first = token.read_bytes()
    token.unlink()
    page = accounts.read("ben", "feed", "page")
    token.write_bytes(first)
    assert accounts.read("ben", "feed", "page") == page
    token.unlink()
    log_in(accounts.line.demo, token, "demo")
    assert accounts.read("ben", "feed", "page") != page
    token.write_bytes(first)
    assert accounts.read("ben", "feed", "page") == page

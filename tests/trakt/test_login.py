"""Logging in, staying logged in, and logging out, at the built-in Trakt."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import requests
from msgspec.structs import replace

from tests.conftest import Clock, Line
from tests.demos import Demo, count_renewals
from tests.factories import make_token
from tests.server import Reply, run_server
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.open_source import open_source
from trakt_ical.demo import Body, Fault
from trakt_ical.errors import BrokenAnswer, LoginNeeded, OutputError, SettingsError
from trakt_ical.fetch.sources import SOURCES
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.device_login import Login
from trakt_ical.trakt.token import Token, TokenFile


@pytest.fixture
def token_file(line: Line) -> TokenFile:
    return TokenFile(Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]))


def make_environment(demo: Demo, token_file: Path) -> dict[str, str]:
    settings = {
        "API_URL": demo.url,
        "AUTH_URL": demo.url,
        "CLIENT_ID": demo.client_id,
        "TOKEN_FILE": str(token_file),
        "TIMEZONE": "UTC",
    }
    return dict(os.environ) | {f"TRAKT_ICAL_{name}": value for name, value in settings.items()}


WITH_OWN_APP = "from trakt_ical.cli import main; main()"
WITH_PUBLIC_APP = """
from msgspec.structs import replace
from trakt_ical.cli import main
from trakt_ical.fetch.sources import SOURCES
SOURCES["v2"] = replace(SOURCES["v2"], public_client_id="demo-client-id")
main()
"""


@pytest.mark.parametrize(
    ("program", "settings"),
    [
        (WITH_OWN_APP, {"CLIENT_ID": "demo-client-id"}),
        (WITH_OWN_APP, {"CLIENT_ID": "demo-client-id", "CLIENT_SECRET": "demo-client-secret"}),
        (WITH_PUBLIC_APP, {"CLIENT_ID": ""}),
        # The secret is that of another app, and would be refused.
        (WITH_PUBLIC_APP, {"CLIENT_ID": "", "CLIENT_SECRET": "of-an-app-that-is-gone"}),
    ],
    ids=["own app", "own app with a secret", "public app", "public app beside a secret"],
)
def test_login_shows_a_code_and_waits_for_the_person(tmp_path: Path, program: str, settings: dict[str, str]) -> None:
    """The command names page and code; when somebody allows it there, the login is kept, for its owner alone.

    So with an app of the user's own, and with one for everybody, should a maintainer register one.
    """
    token_file = tmp_path / "token.json"
    command = [sys.executable, "-c", program, "login", "--no-browser"]
    with Demo(interval=1) as demo:
        environ = make_environment(demo, token_file) | {f"TRAKT_ICAL_{name}": each for name, each in settings.items()}
        with subprocess.Popen(
            command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            assert running.stderr is not None
            page = running.stderr.readline().removeprefix("Open").strip()
            code = running.stderr.readline().removeprefix("Enter").strip()
            form = {"code": code, "answer": "allow"}
            shown = requests.get(page, params={"code": code}, timeout=60).text
            name = re.search(r'<button[^>]*name="(\w+)"[^>]*value="(\w+)"[^>]*>\s*Allow', shown)
            assert name, shown
            form = {"code": code, name[1]: name[2]}
            assert requests.post(page, data=form, timeout=60).status_code == 200
            output, errors = running.communicate(timeout=120)
        assert running.returncode == 0, errors
        assert page == f"{demo.url}/activate"
        # What is sent without a secret is no more than Trakt documents: no fields of PKCE.
        sent = [set(json.loads(seen.body)) for seen in demo.requests if seen.path.startswith("/oauth/device/")]
        assert set().union(*sent) <= {"client_id", "client_secret", "code"}
    assert output == ""
    assert "demo" in errors
    assert TokenFile(token_file).load().username == "demo"
    assert token_file.stat().st_mode & 0o777 == 0o600


def test_a_login_is_waited_for_as_trakt_asks(demo: Demo, clock: Clock) -> None:
    """Pending answers are polled at the interval that Trakt names, until the person has said yes."""
    left: list[timedelta] = []
    with Client(demo.url, now=clock) as client:
        login = Login(client, client_id=demo.client_id)
        code = login.start()

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)
            if len(clock.slept) == 12:
                demo.approve(code.user_code)

        token = login.wait(code, left.append, sleep=sleep)
    polls = [seen for seen in demo.requests if seen.path == "/oauth/device/token"]
    assert len(polls) == 3
    assert left[0] - left[-1] == timedelta(seconds=14)
    assert token.expires_at - clock() > timedelta(days=6)


def test_a_poll_that_is_too_fast_slows_down(demo: Demo, clock: Clock) -> None:
    """After 429 the interval doubles."""
    demo.misbehave(Fault(path="/oauth/device/token", status=429, times=2))
    with Client(demo.url, now=clock, sleep=clock.sleep) as client:
        login = Login(client, client_id=demo.client_id)
        code = login.start()
        demo.approve(code.user_code)
        login.wait(code, sleep=clock.sleep)
    assert len(clock.slept) == 5 + 10 + 20


def test_a_denied_login_says_so(demo: Demo, clock: Clock) -> None:
    """Who denies the login is believed."""
    with Client(demo.url, now=clock) as client:
        login = Login(client, client_id=demo.client_id)
        code = login.start()
        demo.deny(code.user_code)
        with pytest.raises(LoginNeeded, match="denied"):
            login.wait(code, sleep=clock.sleep)


def test_a_login_ends_when_its_code_expires(demo: Demo, clock: Clock) -> None:
    """A code that nobody enters ends after the time that Trakt gave it."""
    with Client(demo.url, now=clock) as client:
        login = Login(client, client_id=demo.client_id)
        with pytest.raises(LoginNeeded, match="expired"):
            login.wait(login.start(), sleep=clock.sleep)
    assert sum(clock.slept) == 600


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "this code"), (409, "this code"), (410, "expired"), (418, "denied")]
)
def test_every_answer_to_a_poll_has_its_sentence(demo: Demo, clock: Clock, status: int, sentence: str) -> None:
    """Each documented status of a poll ends the login with a sentence of its own."""
    demo.misbehave(Fault(path="/oauth/device/token", status=status))
    with Client(demo.url, now=clock) as client:
        login = Login(client, client_id=demo.client_id)
        with pytest.raises(LoginNeeded, match=sentence):
            login.wait(login.start(), sleep=clock.sleep)


def test_the_settings_beat_the_public_client_id(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app of one's own is used where there is one; without one the public id serves an export, too."""
    monkeypatch.setitem(SOURCES, "v2", replace(SOURCES["v2"], public_client_id="public"))
    assert line("export").exit_code == 0
    assert line("export", environ={"TRAKT_ICAL_CLIENT_ID": ""}).exit_code == 3
    keys = [seen.headers["trakt-api-key"] for seen in line.demo.requests if "trakt-api-key" in seen.headers]
    assert (keys[0], keys[-1]) == (line.demo.client_id, "public")


@pytest.mark.parametrize("client_id", ["dead", ""])
def test_a_client_id_that_does_not_work_names_both_ways_out(line: Line, client_id: str) -> None:
    """One that Trakt does not take, and none at all, at login and at export: an app of one's own, or Trakt's export."""
    for command in (["login"], ["export"]):
        result = line(*command, environ={"TRAKT_ICAL_CLIENT_ID": client_id})
        assert result.exit_code == 3
        for way in ("settings/apps", "config set client_id", "settings/data", "trakt-ical import", "setup"):
            assert way in result.stderr


def test_an_old_token_is_renewed_before_it_is_used(line: Line, token_file: TokenFile) -> None:
    """A token close to its end is renewed once, and both tokens are replaced in the file."""
    old = token_file.load()
    line.clock.now = old.expires_at - timedelta(minutes=1)
    assert line("export").exit_code == 0
    new = token_file.load()
    assert new.access_token != old.access_token
    assert new.refresh_token != old.refresh_token
    assert new.username == "demo"
    assert count_renewals(line.demo) == 1
    assert token_file.path.stat().st_mode & 0o777 == 0o600


def test_a_token_that_trakt_no_longer_takes_is_renewed_once(line: Line, token_file: TokenFile) -> None:
    """On 401 the token is renewed and the request sent again."""
    line.demo.expire_tokens()
    assert line("export").exit_code == 0
    assert count_renewals(line.demo) == 1


def test_a_renewal_that_fails_says_log_in_again(line: Line, token_file: TokenFile) -> None:
    """A refresh token that Trakt does not take ends the login; nothing is tried for ever."""
    token_file.save(msgspec.structs.replace(token_file.load(), refresh_token="used"))
    line.demo.expire_tokens()
    result = line("export")
    assert result.exit_code == 4
    assert "trakt-ical login" in result.stderr
    assert count_renewals(line.demo) == 1


def test_a_renewal_that_trakt_cannot_answer_keeps_the_login(line: Line, token_file: TokenFile) -> None:
    """A renewal that meets a fault of Trakt's is no reason to log in again."""
    before = token_file.load()
    line.clock.now = before.expires_at
    line.demo.misbehave(Fault(path="/oauth/token", status=503, body=Body.HTML, times=0))
    result = line("export")
    assert result.exit_code == 5
    assert token_file.load() == before
    line.demo.behave()
    assert line("export").exit_code == 0


RENEW = """
import sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.device_login import Login
from trakt_ical.trakt.signing import TokenSigner
from trakt_ical.trakt.token import TokenFile

url, client_id, path = sys.argv[1:]
renew = lambda token: Login(Client(url), client_id=client_id).renew(token)
signer = TokenSigner(url, TokenFile(Path(path)), renew)
headers = {"trakt-api-version": "2", "trakt-api-key": client_id, "Content-Type": "application/json"}
print("ready", flush=True)
sys.stdin.readline()
print(Client(url, auth=signer, headers=headers).get("/users/settings").status)
"""


def test_two_processes_renew_once(tmp_path: Path) -> None:
    """Of processes that find the same old token at once all succeed, and one renews."""
    file = TokenFile(tmp_path / "token.json")
    with Demo() as demo:
        file.save(msgspec.convert(demo.grant(), Token))
        demo.expire_tokens()
        demo.misbehave(Fault(path="/oauth/token", delay=0.3, times=0))
        command = [sys.executable, "-c", RENEW, demo.url, demo.client_id, str(file.path)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        running = [subprocess.Popen(command, **pipes) for _ in range(3)]
        for each in running:
            assert each.stdout.readline() == "ready\n"
        for each in running:
            each.stdin.write("\n")
            each.stdin.flush()
        assert [each.communicate(timeout=120)[0] for each in running] == ["200\n"] * 3
        assert [each.returncode for each in running] == [0, 0, 0]
        assert count_renewals(demo) == 1


def test_a_renewal_is_waited_for_by_who_waits_for_nothing_else(line: Line) -> None:
    """A refresh token works once, and with it would go the login: however short patience is, the next one is read."""
    line.demo.expire_tokens()
    line.demo.misbehave(Fault(path="/oauth/token", delay=1.5))
    environment = Environment(line.clock, environ=line.environ, timeout=(5, 1))
    with open_app({}, demo=False, environment=environment) as app, open_source(app) as source:
        assert source.find_zone() is not None
    assert count_renewals(line.demo) == 1


def test_status_says_who_and_how_long(line: Line) -> None:
    """Status names the user, the token's age and its end; it asks Trakt nothing."""
    line.clock.now += timedelta(hours=5)
    result = line("status")
    assert result.exit_code == 0
    assert "Logged in as demo." in result.stdout
    assert "5 hours old and expires in 6 days" in result.stdout
    assert line.demo.requests == []


def test_status_without_a_login_is_4(line: Line, token_file: TokenFile) -> None:
    """Without a login, or with a damaged one, status says what to do."""
    token_file.path.write_text("{")
    assert (line("status").exit_code, "damaged" in line("status").stderr) == (4, True)
    token_file.remove()
    result = line("status")
    assert (result.exit_code, result.stderr.endswith("trakt-ical login\n")) == (4, True)


def test_logout_revokes_and_forgets(line: Line, token_file: TokenFile, home: Path) -> None:
    """Logging out ends the token at Trakt, and removes it and the answers that it was given."""
    line("export")
    token = token_file.load()
    assert line("logout").exit_code == 0
    assert not token_file.path.exists()
    assert not [path for path in home.rglob("answers/*") if path.is_dir()]
    headers = {
        "Authorization": f"Bearer {token.access_token}",
        "trakt-api-version": "2",
        "trakt-api-key": line.demo.client_id,
        "Content-Type": "application/json",
    }
    assert requests.get(f"{line.demo.url}/users/settings", headers=headers, timeout=60).status_code == 401
    assert line("logout").exit_code == 4


def test_logout_forgets_even_where_trakt_does_not_answer(line: Line, token_file: TokenFile) -> None:
    """Who logs out is logged out here, whatever Trakt says."""
    line.demo.misbehave(Fault(path="/oauth/revoke", status=500, times=0))
    assert line("logout").exit_code == 5
    assert not token_file.path.exists()


def test_a_token_is_never_shown(line: Line, token_file: TokenFile) -> None:
    """Neither the log nor an error nor a repr shows a token."""
    token = token_file.load()
    line.demo.misbehave(Fault(path="/calendars", status=404, times=0))
    result = line("-v", "export")
    assert token.access_token not in result.output + repr(token)
    assert token.refresh_token not in result.output + repr(token)


def test_a_token_does_not_travel_in_the_clear(line: Line) -> None:
    """A server elsewhere over plain http gets neither token nor client secret."""
    for setting in ("API_URL", "AUTH_URL"):
        elsewhere = {f"TRAKT_ICAL_{setting}": "http://trakt.example"}
        result = line("export" if setting == "API_URL" else "login", environ=elsewhere)
        assert (result.exit_code, "plain http" in result.stderr) == (3, True)


def test_a_token_file_that_cannot_be_used_is_told(tmp_path: Path, line: Line) -> None:
    """A token file that is a folder, or below a file, is named in the error."""
    with pytest.raises(SettingsError, match="cannot be read"):
        TokenFile(tmp_path).load()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        TokenFile(tmp_path / "file" / "token.json").save(make_token())


def test_v1_needs_no_login(line: Line) -> None:
    """API v1 takes a password from the settings; login says so, status shows it."""
    assert line("login", "--api", "v1").exit_code == 3
    assert re.search(r"\bdemo\b.*with a password", line("status", "--api", "v1").stdout)


ODD_TOKENS = [
    b'{"access_token": "a\\nb", "refresh_token": "r", "created_at": 1, "expires_in": 1}',
    '{"access_token": "€", "refresh_token": "r", "created_at": 1, "expires_in": 1}'.encode(),
    b'{"access_token": "a", "refresh_token": "r", "created_at": 100000000000000, "expires_in": 1}',
    b'{"access_token": "a", "refresh_token": "r", "created_at": 1, "expires_in": 10000000000000000}',
    b'{"access_token": "\xff", "refresh_token": "r", "created_at": 1, "expires_in": 1}',
    b"[]",
    b"",
]


@pytest.mark.parametrize("octets", ODD_TOKENS)
def test_a_token_of_no_sense_is_a_damaged_one(line: Line, token_file: TokenFile, octets: bytes) -> None:
    """A token file with a token that no header can carry or of no time asks for a new login."""
    token_file.path.write_bytes(octets)
    for command in ("status", "export"):
        result = line(command)
        assert (result.exit_code, "trakt-ical login" in result.stderr) == (4, True)


@pytest.mark.parametrize(
    "change", [{"expires_in": 10**30}, {"interval": -1}, {"verification_url": "file:///etc/passwd"}]
)
def test_a_device_code_of_no_sense_is_a_broken_answer(change: dict[str, object]) -> None:
    """A code that lives for ever, or a page that is none, is refused."""
    usual = {"device_code": "d", "user_code": "u", "verification_url": "https://x", "expires_in": 600, "interval": 5}
    told = Reply(json.dumps(usual | change).encode())
    with run_server(lambda _: told) as (url, _), Client(url) as client, pytest.raises(BrokenAnswer):
        Login(client, client_id="c").start()


def test_a_linked_token_file_stays_a_link(tmp_path: Path, line: Line, token_file: TokenFile) -> None:
    """A renewed token goes where the link points."""
    real = tmp_path / "real.json"
    token_file.path.rename(real)
    token_file.path.symlink_to(real)
    line.demo.expire_tokens()
    assert line("export").exit_code == 0
    assert token_file.path.is_symlink()
    assert token_file.load() == TokenFile(real).load()


def test_the_demo_names_its_own_login(line: Line) -> None:
    """What to run is said for the Trakt that is meant."""
    line("--demo", "logout")
    assert line("--demo", "export").stderr.endswith("trakt-ical --demo login\n")

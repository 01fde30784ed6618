"""A login is never lost by us: full disks, lost answers, runs that are killed, two runs at a time."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Clock, Line
from tests.demos import Demo, count_renewals
from tests.factories import make_token
from tests.server import Reply, Request, run_server
from trakt_ical import files
from trakt_ical.app.context import App, open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.login import complete_login, log_in, open_new_login
from trakt_ical.app.open_source import make_token_signer
from trakt_ical.demo import Body, Drop, Fault
from trakt_ical.errors import LoginNeeded, OutputError, SettingsError, TraktError, TraktIcalError
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.device_login import Login
from trakt_ical.trakt.signing import TokenSigner
from trakt_ical.trakt.token import OtherServer, Token, TokenFile


@pytest.fixture
def token_file(line: Line) -> TokenFile:
    return TokenFile(Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]))


@pytest.fixture
def app(line: Line) -> Iterator[App]:
    with open_app({}, demo=False, environment=Environment(line.clock, line.clock.sleep, line.environ)) as opened:
        yield opened


def grant(demo: Demo) -> Token:
    """A login that somebody has just allowed."""
    return msgspec.convert(demo.grant(), Token)


def fail_writing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Let the function *name* of `os` fail with the error *number*."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, name, fail)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_without_room_for_a_new_token_none_is_asked_for(
    line: Line, token_file: TokenFile, app: App, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A full or broken disk is found before Trakt spends the old token: the login works again when there is room."""
    before = token_file.load()
    line.clock.now = before.expires_at
    signer = make_token_signer(app)
    with monkeypatch.context() as patch:
        fail_writing(patch, "fsync", number)
        with pytest.raises(OutputError, match=str(token_file.path)):
            signer.load_token()
    assert (count_renewals(line.demo), token_file.load()) == (0, before)
    assert line("export").exit_code == 0


def test_a_token_that_is_still_good_serves_while_it_cannot_be_renewed(
    line: Line, token_file: TokenFile, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its last minutes a token that cannot be renewed is used as it is, and tried to be renewed once only."""
    before = token_file.load()
    line.clock.now = before.expires_at - timedelta(minutes=2)
    fail_writing(monkeypatch, "fsync", errno.EROFS)
    signer = make_token_signer(app)
    assert [signer.load_token(), signer.load_token()] == [before, before]
    line.clock.pass_by(minutes=2)
    with pytest.raises(OutputError):
        signer.load_token()


def test_a_new_token_that_cannot_be_renamed_is_written_into_the_file(
    line: Line, token_file: TokenFile, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token file that is mounted by itself cannot be replaced, but its octets can."""
    before = token_file.load()
    line.clock.now = before.expires_at
    fail_writing(monkeypatch, "replace", errno.EBUSY)
    fresh = make_token_signer(app).load_token()
    assert fresh != before
    assert token_file.load() == fresh
    assert list_leftovers(token_file) == []


def test_a_new_token_that_cannot_be_kept_serves_the_run(
    line: Line, token_file: TokenFile, app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What no fault of the disk lets through is used from memory, and the user hears of it."""
    before = token_file.load()
    line.clock.now = before.expires_at
    signer = make_token_signer(app)
    with monkeypatch.context() as patch:
        fail_writing(patch, "replace", errno.EIO)
        patch.setattr(files, "_overwrite", lambda *_: files.os.replace("", ""))
        fresh = signer.load_token()
        assert "Run: trakt-ical login" in caplog.text
        assert (signer.load_token(), token_file.load()) == (fresh, before)
    # The disk is well again: the next renewal follows the token in memory, not the spent one in the file.
    line.clock.now = fresh.expires_at
    assert signer.load_token() == token_file.load() != before


def list_leftovers(token_file: TokenFile) -> list[str]:
    return [each.name for each in token_file.path.parent.iterdir() if each.name.endswith(".new")]


LOST = [
    Fault(path="/oauth/token", drop=Drop.AFTER),
    Fault(path="/oauth/token", truncate=True),
    Fault(path="/oauth/token", body=Body.GARBAGE, takes_effect=True),
    Fault(path="/oauth/token", body=Body.EMPTY, takes_effect=True),
]


@pytest.mark.parametrize("fault", LOST, ids=["drop", "truncate", "garbage", "empty"])
def test_a_renewal_whose_answer_is_lost_ends_the_login_at_once(line: Line, fault: Fault) -> None:
    """Trakt has spent the token, so the same run says to log in again, and `status` knows it."""
    line.demo.expire_tokens()
    line.demo.misbehave(fault)
    for command in ("export", "status"):
        result = line(command)
        assert (result.exit_code, "trakt-ical login" in result.stderr) == (4, True), result.stderr
    assert line("status", "--json").exit_code == 4


def test_a_renewal_that_never_reached_trakt_is_repeated(line: Line, token_file: TokenFile) -> None:
    """Where the first request had no effect, the second renews, and nobody has to log in."""
    before = token_file.load()
    line.demo.expire_tokens()
    line.demo.misbehave(Fault(path="/oauth/token", drop=Drop.BEFORE))
    assert line("export").exit_code == 0
    assert token_file.load() != before


def test_a_login_that_may_be_lost_is_tried_again(line: Line) -> None:
    """Nobody knows what became of a renewal that was never answered; the next run finds out that it is good."""
    line.demo.expire_tokens()
    line.demo.misbehave(Fault(path="/oauth/token", drop=Drop.BEFORE, times=2))
    assert line("export").exit_code == 4
    assert line("export").exit_code == 0
    assert line("status").exit_code == 0


@pytest.mark.parametrize(
    ("fault", "status", "names"),
    [
        (Fault(status=400, body=Body.EMPTY), 4, "trakt-ical login"),
        (Fault(status=400), 4, "trakt-ical login"),
        (Fault(status=401), 4, "trakt-ical login"),
        (Fault(status=401, body=Body.EMPTY), 4, "trakt-ical login"),
        (Fault(status=403, body=Body.HTML), 5, "Cloudflare"),
        (Fault(status=503), 5, "Trakt"),
        (Fault(status=500), 5, "Trakt"),
    ],
)
def test_a_refused_renewal_says_what_to_do(line: Line, fault: Fault, status: int, names: str) -> None:
    """A 400 of any kind means that the refresh token is dead; a fault of Trakt's own does not."""
    line.demo.expire_tokens()
    line.demo.misbehave(change_fault(fault, path="/oauth/token"))
    result = line("export")
    assert (result.exit_code, names in result.stderr) == (status, True), result.stderr


def change_fault(fault: Fault, **attributes: object) -> Fault:
    return Fault(**{**vars(fault), **attributes})


REFUSALS = [
    (400, b"", 4, "trakt-ical login"),
    (400, b"<html>", 4, "trakt-ical login"),
    (400, b'{"error": "invalid_request", "error_description": "Missing: grant_type."}', 4, "trakt-ical login"),
    (400, b'{"error": "invalid_grant", "error_description": "session not found"}', 4, "one app at a time"),
    (401, b'{"error": "invalid_grant"}', 4, "one app at a time"),
    (400, b'{"error": "invalid_client", "error_description": "client_id is required"}', 3, "client_id"),
    (401, b'{"error": "invalid_client", "error_description": "unknown client"}', 3, "client_secret"),
]


@pytest.mark.parametrize(("status", "body", "exit_status", "names"), REFUSALS)
def test_each_refusal_of_a_renewal_has_its_status(
    line: Line, token_file: TokenFile, status: int, body: bytes, exit_status: int, names: str
) -> None:
    """A wrong app is exit 3 and leaves the login; everything else that Trakt refuses ends it."""
    line.clock.now = token_file.load().expires_at
    with run_server(lambda _: Reply(body, status)) as (url, asked):
        result = line("export", environ={"TRAKT_ICAL_AUTH_URL": url})
        assert len(asked) == 1
    assert (result.exit_code, names in result.stderr) == (exit_status, True), result.stderr
    assert line("status").exit_code == (4 if exit_status == 4 else 0)


@pytest.mark.parametrize("refusal", [LoginNeeded("refused"), SettingsError("the app is unknown")])
def test_a_refused_renewal_is_not_asked_for_again_in_one_run(
    line: Line, token_file: TokenFile, refusal: TraktIcalError
) -> None:
    """Eight requests that wait for the token together cost one renewal, and meet the same refusal."""
    line.clock.now = token_file.load().expires_at
    asked = []

    def refuse(token: Token) -> Token:
        asked.append(token)
        raise refusal

    signer = TokenSigner(line.demo.url, token_file, refuse, now=line.clock)
    for _ in range(8):
        with pytest.raises(type(refusal)):
            signer.load_token()
    assert len(asked) == 1


@pytest.mark.parametrize("odd", [{"expires_in": 0}, {"expires_in": 200}, {"created_at": 0}])
def test_a_token_that_expired_when_it_was_made_is_used_all_the_same(
    line: Line, token_file: TokenFile, odd: dict[str, int]
) -> None:
    """By a wrong clock each new token is too old: it costs one renewal in a run, not one for each request."""
    line.clock.now = token_file.load().expires_at
    created, asked = int(line.clock.now.timestamp()), []

    def renew(token: Token) -> Token:
        asked.append(token)
        fresh = make_token(access_token=f"a{len(asked)}", created_at=created, expires_in=604800)
        return msgspec.structs.replace(fresh, **odd)

    signer = TokenSigner(line.demo.url, token_file, renew, now=line.clock)
    assert {signer.load_token().access_token for _ in range(8)} == {"a1"}
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["", " ", "\n", "\x1b"])
def test_an_account_without_a_name_is_not_taken_for_one(line: Line, token_file: TokenFile, name: str) -> None:
    """The login is kept and the name asked for at its next use: else the calendar would be nobody's."""
    token_file.remove()
    settings = json.dumps({"user": {"username": name}, "account": {"timezone": "UTC"}}).encode()
    token = make_token(created_at=int(line.clock.now.timestamp()), expires_in=604800)
    with run_server(lambda _: Reply(settings)) as (url, _):
        environ = line.environ | {"TRAKT_ICAL_API_URL": url}
        with open_app({}, demo=False, environment=Environment(line.clock, line.clock.sleep, environ)) as opened:
            assert log_in(opened, token).username == ""
            with pytest.raises(TraktError, match="name"):
                complete_login(opened)
    assert token_file.load().access_token == "a"


POLL_FAULTS = [
    Fault(status=502, body=Body.HTML, times=3),
    Fault(status=500),
    Fault(status=403, body=Body.HTML),
    Fault(status=200, body=Body.HTML),
    Fault(drop=Drop.BEFORE),
    Fault(truncate=True, status=400),
]


@pytest.mark.parametrize("fault", POLL_FAULTS)
def test_a_fault_while_the_code_is_entered_does_not_end_the_login(demo: Demo, clock: Clock, fault: Fault) -> None:
    """Polls go on until the code expires: one that was not answered says nothing of the next."""
    demo.misbehave(change_fault(fault, path="/oauth/device/token"))
    with Client(demo.url, now=clock, sleep=clock.sleep) as client:
        login = Login(client, client_id=demo.client_id)
        code = login.start()
        demo.approve(code.user_code)
        assert login.wait(code, sleep=clock.sleep).access_token


def test_polls_end_with_the_code_whatever_trakt_answers(clock: Clock) -> None:
    """Where Trakt cannot be reached any more, the login ends when the code expires, and no later."""
    code = {"device_code": "d", "user_code": "u", "verification_url": "https://x", "expires_in": 60, "interval": 5}

    def answer(request: Request) -> Reply:
        return Reply(json.dumps(code).encode()) if request.path.endswith("code") else Reply(b"", 502)

    with run_server(answer) as (url, _), Client(url, now=clock, sleep=clock.sleep) as client:
        login = Login(client, client_id="c")
        with pytest.raises(LoginNeeded, match="expired"):
            login.wait(login.start(), sleep=clock.sleep)
    assert sum(clock.slept) == 60


def test_a_wrong_clock_costs_no_token(line: Line, token_file: TokenFile, app: App) -> None:
    """A renewal that was answered counts, whatever its Date says."""
    line.clock.now = token_file.load().expires_at
    line.demo.misbehave(Fault(path="/oauth/token", date_offset=timedelta(days=3)))
    assert make_token_signer(app).load_token() == token_file.load()


def test_a_login_without_a_name_asks_for_it_when_it_is_used(line: Line, token_file: TokenFile, app: App) -> None:
    """Where Trakt does not say whose login it is, the login counts all the same."""
    token_file.remove()
    line.demo.misbehave(Fault(path="/users/settings", status=404))
    assert log_in(app, grant(line.demo)).username == ""
    assert line("status").exit_code == 0
    assert line("export", "--timezone", "UTC").exit_code == 0
    assert token_file.load().username == "demo"


def test_a_login_without_a_name_can_be_ended(line: Line, token_file: TokenFile, app: App) -> None:
    """Logging out needs no name."""
    token_file.save(grant(line.demo))
    line.demo.misbehave(Fault(path="/users/settings", status=500, times=0))
    assert line("logout").exit_code == 0
    assert not token_file.path.exists()


@pytest.mark.parametrize("fault", [Fault(status=500), Fault(status=401), Fault(status=404), Fault(body=Body.GARBAGE)])
def test_a_failed_login_leaves_the_old_one(line: Line, token_file: TokenFile, app: App, fault: Fault) -> None:
    """A login that works stays until the new one is whole."""
    before = token_file.load()
    line.demo.misbehave(change_fault(fault, path="/users/settings", times=0))
    with pytest.raises((TraktError, LoginNeeded)):
        log_in(app, grant(line.demo))
    assert token_file.load() == before
    line.demo.behave()
    assert line("export").exit_code == 0


def test_a_new_login_replaces_a_dead_one_even_without_a_name(line: Line, token_file: TokenFile, app: App) -> None:
    """A login that could not be renewed is worth nothing."""
    token_file.save(msgspec.structs.replace(token_file.load(), is_over=True))
    line.demo.misbehave(Fault(path="/users/settings", status=500, times=4))
    new = log_in(app, grant(line.demo))
    assert token_file.load() == new


def test_without_room_for_a_token_no_login_begins(
    line: Line, token_file: TokenFile, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody enters a code for a login that cannot be kept."""
    before = token_file.load()
    fail_writing(monkeypatch, "fsync", errno.ENOSPC)
    with pytest.raises(OutputError), open_new_login(app):
        pass
    assert (token_file.load(), line.demo.requests) == (before, [])


def test_a_renewal_on_its_way_does_not_replace_a_newer_login(line: Line, token_file: TokenFile, app: App) -> None:
    """A login waits for a renewal that is under way, and a renewal for a login; the newer one stays."""
    line.demo.expire_tokens()
    order: list[str] = []

    def renew(token: Token) -> Token:
        with pytest.raises(OutputError), files.lock(token_file.path, wait=0):
            order.append("a login in between")
        return make_token(access_token="renewed", created_at=token.created_at + 1)

    signer = make_token_signer(app)
    signer._renew = renew
    line.clock.now = token_file.load().expires_at
    assert signer.load_token().access_token == "renewed"
    newer = grant(line.demo)
    log_in(app, newer)
    assert (token_file.load().access_token, order) == (newer.access_token, [])
    line.clock.now = token_file.load().expires_at
    # The signer's token is older than the file's: it takes the newer one over, and does not renew its own.
    assert signer._renew_once(make_token(access_token="renewed")).access_token == newer.access_token


def test_several_refusals_renew_once_and_go_on(line: Line) -> None:
    """Trakt answers 401 to the first requests, whatever their token: one renewal serves all of them."""
    # One for each path: a request that met two of them would be refused after the renewal as well.
    line.demo.misbehave(
        *(Fault(path=path, status=401) for path in ("/calendars/", "hidden/calendar", "hidden/dropped"))
    )
    assert line("export").exit_code == 0
    assert count_renewals(line.demo) == 1


def test_what_killed_runs_left_is_swept(line: Line, token_file: TokenFile) -> None:
    """The next run removes a token beside the file, and so does logging out; other files stay."""
    stray = token_file.path.with_name(".token.json.abcd1234.new")
    other = token_file.path.with_name(".token.json.bak.abcd1234.new")
    for command in ("export", "logout"):
        stray.write_bytes(token_file.path.read_bytes())
        other.write_bytes(b"")
        assert line(command).exit_code == 0
        assert (stray.exists(), other.exists()) == (False, True)


def test_logging_out_removes_what_a_link_leads_to(tmp_path: Path, line: Line, token_file: TokenFile) -> None:
    """A login in a volume of its own is removed there."""
    real = tmp_path / "real.json"
    token_file.path.rename(real)
    token_file.path.symlink_to(real)
    assert line("logout").exit_code == 0
    assert not real.exists()
    assert line("status").exit_code == 4


def test_a_token_file_out_of_reach_is_named(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that may not be read is an error of the settings, not of stdout."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "exists", refuse)
    with pytest.raises(Exception, match=r"token\.json cannot be read") as raised:
        TokenFile(Path("/x/token.json")).load()
    assert getattr(raised.value, "exit_code", None) == 3


KILLS = Path(__file__).with_name("killed_login.py")


@pytest.mark.parametrize("job", ["renew", "login"])
def test_a_kill_at_any_system_call_loses_no_login(tmp_path: Path, clock: Clock, job: str) -> None:
    """After a kill anywhere in a renewal or login there is a whole old login, a whole new one, or it says to log in."""
    with Demo() as demo:
        logins = []
        for number in range(200):
            folder = tmp_path / str(number)
            folder.mkdir()
            file = TokenFile(folder / "token.json")
            old = msgspec.structs.replace(grant(demo), username="demo")
            file.save(msgspec.structs.replace(old, expires_in=1 if job == "renew" else old.expires_in))
            logins.append(file)
        new = [msgspec.to_builtins(grant(demo)) for _ in logins] if job == "login" else []
        (tmp_path / "new.json").write_text(json.dumps(new))
        done = subprocess.run(
            [sys.executable, str(KILLS), job, demo.url, demo.client_id, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        outcomes = [json.loads(each) for each in done.stdout.splitlines()]
        assert len(outcomes) > 10, done.stderr
        for outcome in outcomes:
            file = logins[outcome["number"]]
            check_kept(file, demo, outcome)
        assert outcomes[-1]["status"] == 0  # the last run met no kill


def check_kept(file: TokenFile, demo: Demo, outcome: dict[str, object]) -> None:
    """Check that *file* holds a login that works, or one that the next run says is over; and nothing beside it."""
    environ = {
        "TRAKT_ICAL_API_URL": demo.url,
        "TRAKT_ICAL_AUTH_URL": demo.url,
        "TRAKT_ICAL_CLIENT_ID": demo.client_id,
        "TRAKT_ICAL_TOKEN_FILE": str(file.path),
    }
    with open_app({}, demo=False, environment=Environment(environ=environ, sleep=lambda _: None)) as app:
        try:
            signer = make_token_signer(app)
            assert signer.load_token().username == "demo", outcome
        except LoginNeeded as error:
            assert "Run: trakt-ical login" in str(error)  # noqa: PT017  either outcome is right
            assert outcome["asked"], outcome  # Trakt was asked, so the old token is spent
    assert list_leftovers(file) == []


@pytest.mark.parametrize(("granted", "asked"), [("h", "h:8443"), ("h:8443", "h"), ("::1", "[::1]:8443")])
def test_a_token_is_for_one_port(tmp_path: Path, granted: str, asked: str) -> None:
    """The usual port of a host and another one are two servers."""
    path = tmp_path / "token.json"
    TokenFile(path).save(make_token(server=granted))
    assert TokenFile(path, granted).load().server == granted
    with pytest.raises(OtherServer):
        TokenFile(path, asked).load()

"""The client: when it tries again, what it refuses, and what it never lets out."""

from __future__ import annotations

import gzip
import logging
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.factories import make_token
from tests.server import Reply, Request, run_server
from trakt_ical.checkin.service import had_no_effect
from trakt_ical.errors import BrokenAnswer, LoginNeeded, Refused, SettingsError, TraktIcalError, Unreachable
from trakt_ical.trakt.client import MAX_BODY, Client
from trakt_ical.trakt.reach import PERSON, WAITS
from trakt_ical.trakt.signing import PasswordSigner, TokenSigner
from trakt_ical.trakt.token import Token, TokenFile

HTML = {"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare"}
PAGE = b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>"


def repeat_last(*told: Reply) -> Iterator[Reply]:
    yield from told
    while True:
        yield told[-1]


PASSING = [
    (Reply(status=500), "internal error"),
    (Reply(status=502), "overloaded"),
    (Reply(status=503), "overloaded"),
    (Reply(status=504), "overloaded"),
    (Reply(status=520), "Cloudflare does not reach"),
    (Reply(status=521), "Cloudflare does not reach"),
    (Reply(status=522), "Cloudflare does not reach"),
    (Reply(status=429), "fewer requests"),
    (Reply(PAGE, 403, HTML), "Cloudflare, which guards Trakt, blocked"),
    (Reply(b"error code: 1010", 403, {"Content-Type": "text/plain"}), "Cloudflare, which guards Trakt, blocked"),
    (Reply(b"", 403), "Cloudflare, which guards Trakt, blocked"),
    (Reply(PAGE, 503, HTML), "overloaded"),
    (Reply(PAGE, 200, HTML), "HTML page"),
    (Reply(PAGE, 200), "HTML page"),
]


@pytest.mark.parametrize(("told", "sentence"), PASSING)
def test_a_get_is_tried_again_where_the_fault_may_pass(told: Reply, sentence: str) -> None:
    """After a fault that passes the next try's answer counts; after the last try the fault is told."""
    slept: list[float] = []
    script = repeat_last(told, Reply(b"[1]"))
    with run_server(lambda _: next(script)) as (url, _), Client(url, sleep=slept.append) as client:
        assert client.get("/x").body == b"[1]"
    assert len(slept) == 1
    assert WAITS[0] / 2 <= slept[0] <= WAITS[0]
    with run_server(lambda _: told) as (url, asked), Client(url, sleep=slept.append) as client:
        with pytest.raises(TraktIcalError, match=sentence) as raised:
            client.get("/x")
        assert len(asked) == len(WAITS) + 1
    assert raised.value.exit_code == 5


def test_requests_that_fail_together_do_not_come_back_together() -> None:
    """Each wait is shortened by chance, by half at the most, so that Trakt is not overloaded again at once."""
    slept: list[float] = []
    with run_server(lambda _: Reply(status=503)) as (url, _), Client(url, sleep=slept.append) as client:
        for _ in range(4):
            with pytest.raises(Refused):
                client.get("/x")
    for number, wait in enumerate(WAITS):
        waits = slept[number :: len(WAITS)]
        assert all(wait / 2 <= each <= wait for each in waits)
        assert len(set(waits)) == len(waits)


def get_in_threads(client: Client, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        for future in [pool.submit(client.get, f"/{number}") for number in range(count)]:
            future.result()


def test_an_outage_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Eight requests that meet two 503 each tell of one wait, not of sixteen; the next outage is told again."""
    together, met = threading.Barrier(8), Counter[str]()

    def answer(request: Request) -> Reply:
        together.wait(30)  # nobody is answered before all have asked
        met[request.path] += 1
        return Reply(status=503 if met[request.path] in (1, 2, 4) else 200)

    with run_server(answer) as (url, _), Client(url, sleep=lambda _: None, patience=PERSON) as client:
        with caplog.at_level(logging.WARNING, "trakt_ical"):
            get_in_threads(client, 8)
            assert len(caplog.messages) == 1
            get_in_threads(client, 8)
    assert len(caplog.messages) == 2
    assert all(each.startswith("Trakt is overloaded") and "/" not in each for each in caplog.messages)


def test_what_the_user_reads_names_no_request(caplog: pytest.LogCaptureFixture) -> None:
    """Paths and statuses are for -v: the log has them, warnings and the error do not."""
    with run_server(lambda _: Reply(status=503)) as (url, _), caplog.at_level(logging.DEBUG, "trakt_ical"):
        with Client(url, sleep=lambda _: None) as client, pytest.raises(Refused) as raised:
            client.get("/calendars/my")
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert not [each for each in (*told, str(raised.value)) if "/calendars" in each or "503" in each]
    assert "GET /calendars/my: 503" in caplog.text


LASTING = [
    (Reply(b"", 400), Refused, "could not read"),
    (Reply(b"", 401), LoginNeeded, "trakt-ical login"),
    (Reply(b"", 403, {"X-Request-Id": "1"}), SettingsError, "client_id"),
    (Reply(b"[]", 206), BrokenAnswer, "a part"),
    (Reply(b"[" * 5000, 422), Refused, "invalid"),
    (Reply(b"", 404), Refused, "found nothing"),
    (Reply(b"", 405), Refused, "does not offer"),
    (Reply(b"", 409), Refused, "already has"),
    (Reply(b"", 412), Refused, "api_url"),
    (Reply(b"", 418), Refused, "does not document"),
    (Reply(b"", 420), Refused, "limit"),
    (Reply(b'{"error": "bad day"}', 422), Refused, "bad day"),
    (Reply(b"", 423, {"X-Account-Locked": "true"}), Refused, "Contact Trakt's support"),
    (Reply(b"", 426, {"X-Upgrade-URL": "https://trakt.tv/upgrade"}), Refused, "VIP.*https://trakt.tv/upgrade"),
    (Reply(b"", 426), Refused, r"VIP.*https://app\.trakt\.tv/vip"),
    (
        Reply(b"", 301, {"Location": "https://elsewhere.example/"}),
        Refused,
        r"redirects to https://elsewhere\.example\b",
    ),
    (Reply(b"", 302), Refused, "redirects are not followed"),
    (Reply(b'{"error":"invalid_client","error_description":"client_id is required"}', 401), SettingsError, "deleted"),
    (Reply(b'{"status":"failure","error":"invalid API key"}', 401), SettingsError, "api_key"),
    (Reply(b'{"status":"failure","error":"failed authentication"}', 401), SettingsError, "username and password"),
    (Reply(b'{"status":"failure","error":"failed authentication"}', 200), SettingsError, "username and password"),
    (Reply(b'{"status":"failure","error":"show not found"}', 200), Refused, "show not found"),
]


@pytest.mark.parametrize(("told", "kind", "sentence"), LASTING)
def test_a_status_that_stays_is_told_at_once(told: Reply, kind: type[TraktIcalError], sentence: str) -> None:
    """Every other status ends in one sentence of its own, without a second try."""
    with run_server(lambda _: told) as (url, asked), Client(url) as client:
        with pytest.raises(kind, match=sentence):
            client.get("/x")
        assert len(asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("300", 300),
        ("1\x1e", 1),
        ("Sat, 18 Apr 2026 12:00:30 GMT", 30),
        ("Sat, 18 Apr 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after_is_obeyed(header: str, seconds: int) -> None:
    """The seconds or the date of Retry-After say how long to wait."""
    slept: list[float] = []
    script = repeat_last(Reply(status=429, headers={"Retry-After": header}), Reply())
    now = datetime(2026, 4, 18, 12, tzinfo=UTC)
    with run_server(lambda _: next(script)) as (url, _), Client(url, sleep=slept.append, now=lambda: now) as client:
        client.get("/x")
    assert slept == [seconds]


@pytest.mark.parametrize(
    ("header", "when"), [("3600", "13:00"), ("9" * 30, "other year"), ("Fri, 31 Dec 9999 23:59:59 GMT", "9999")]
)
def test_a_long_retry_after_ends_the_run(header: str, when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for an hour: the error says at once when to try again."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    told = Reply(status=429, headers={"Retry-After": header})
    now = datetime(2026, 4, 18, 12, tzinfo=UTC)
    with run_server(lambda _: told) as (url, asked), Client(url, now=lambda: now) as client:
        with pytest.raises(Refused, match=when):
            client.get("/x")
        assert len(asked) == 1


def test_an_unreadable_retry_after_is_none() -> None:
    """A Retry-After that says nothing leaves the usual wait."""
    slept: list[float] = []
    script = repeat_last(Reply(status=429, headers={"Retry-After": "soon"}), Reply())
    with run_server(lambda _: next(script)) as (url, _), Client(url, sleep=slept.append) as client:
        client.get("/x")
    assert 0 < slept[0] <= WAITS[0]


@pytest.mark.parametrize("status", [500, 503])
def test_a_post_is_sent_once(status: int) -> None:
    """A POST may have had its effect although the answer says 5xx, so it is not sent again."""
    with run_server(lambda _: Reply(status=status)) as (url, asked), Client(url) as client:
        with pytest.raises(Refused):
            client.post("/x", {})
        assert len(asked) == 1


def test_a_post_that_was_refused_for_its_number_is_sent_again() -> None:
    """429 says that the request had no effect."""
    slept: list[float] = []
    script = repeat_last(Reply(status=429), Reply(b"{}"))
    with run_server(lambda _: next(script)) as (url, asked), Client(url, sleep=slept.append) as client:
        assert client.post("/x", {"a": 1}).status == 200
        assert [request.body for request in asked] == [b'{"a": 1}'] * 2


def test_no_connection_is_unreachable() -> None:
    """Where nobody listens the sentence says so, after as many tries as for other faults."""
    slept: list[float] = []
    with run_server(lambda _: Reply()) as (url, _):
        pass
    with Client(url, sleep=slept.append) as client:
        with pytest.raises(Unreachable, match="no connection .*refused"):
            client.get("/x")
        with pytest.raises(Unreachable, match="no connection .*refused"):
            client.post("/x", {})
    assert len(slept) == 2 * len(WAITS)


def test_a_truncated_body_is_no_answer() -> None:
    """A body shorter than its Content-Length is a fault that may pass."""
    slept: list[float] = []
    told = Reply(b"[1, 2", headers={"Content-Length": "100", "Connection": "close"})
    with run_server(lambda _: told) as (url, _), Client(url, sleep=slept.append) as client:
        with pytest.raises(Unreachable, match="cut short|no connection"):
            client.get("/x")
    assert len(slept) == len(WAITS)


def test_a_body_stops_at_64_mb_after_decompression() -> None:
    """A small gzip body that unpacks into more than 64 MB is refused, and not unpacked to its end."""
    bomb = gzip.compress(b"[" + b" " * (MAX_BODY + 2**20) + b"]")
    assert len(bomb) < 2**20
    told = Reply(bomb, headers={"Content-Encoding": "gzip"})
    with run_server(lambda _: told) as (url, _), Client(url) as client:
        with pytest.raises(BrokenAnswer, match="larger than 64 MB"):
            client.get("/x")


def test_every_request_says_who_asks_and_takes_gzip() -> None:
    """The User-Agent names program and version, and no page; answers may be packed."""
    with run_server(lambda _: Reply(gzip.compress(b"[1]"), headers={"Content-Encoding": "gzip"})) as (url, asked):
        with Client(url) as client:
            assert client.get("/x").body == b"[1]"
    assert asked[0].headers["User-Agent"].startswith("trakt-ical/")
    assert "http" not in asked[0].headers["User-Agent"]
    assert asked[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("skew", "told"), [(timedelta(minutes=9), 0), (timedelta(minutes=11), 1), (timedelta(hours=23), 1)]
)
def test_a_wrong_clock_is_told(skew: timedelta, told: int, caplog: pytest.LogCaptureFixture) -> None:
    """A clock that differs from Trakt's by over ten minutes is warned of once, by over a day refused."""
    now = datetime(2026, 4, 18, 12, tzinfo=UTC)
    date = f"{now + skew:%a, %d %b %Y %H:%M:%S} GMT"
    with run_server(lambda _: Reply(headers={"Date": date})) as (url, _), caplog.at_level(logging.WARNING):
        with Client(url, now=lambda: now) as client:
            client.get("/x")
            client.get("/x")
        assert len(caplog.records) == told
        with (
            Client(url, now=lambda: now - timedelta(days=1)) as client,
            pytest.raises(BrokenAnswer, match="Set the clock"),
        ):
            client.get("/x")


def test_secrets_are_cut_out_of_names(caplog: pytest.LogCaptureFixture) -> None:
    """A secret in an address appears neither in the error nor in the log."""
    with run_server(lambda _: Reply(status=404)) as (url, _), caplog.at_level(logging.DEBUG, "trakt_ical"):
        with Client(url, secrets=["k/e"]) as client, pytest.raises(Refused) as raised:
            client.get("/user/calendar/shows.json/k%2Fe/k")
    assert "GET /user/calendar/shows.json/…/k:" in caplog.text
    assert "k%2Fe" not in caplog.text + str(raised.value)


LEAKS = [
    Reply(b"", 301, {"Location": "http://somebody:hunter2@127.0.0.1/shows.json/s3cret-key/justin/?slurm=hunter2"}),
    Reply(b'{"status": "failure", "error": "invalid API key s3cret-key"}', 401),
    Reply(b'{"error": "s3cret-key is none"}', 422),
]


@pytest.mark.parametrize("told", LEAKS)
def test_an_answer_cannot_bring_a_secret_back(told: Reply) -> None:
    """What an answer repeats of a secret, or says in an address, is not told on."""
    with run_server(lambda _: told) as (url, _), Client(url, secrets=["s3cret-key"]) as client:
        with pytest.raises(TraktIcalError) as raised:
            client.get("/shows.json/s3cret-key/justin")
    assert "s3cret" not in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_an_answer_cannot_bring_a_token_back(home: Path) -> None:
    """A token is cut out of errors like other secrets, also after it was renewed."""
    file = TokenFile(home / "token.json")
    file.save(make_token(access_token="s3cret-token", refresh_token="s3cret-other", created_at=2**31, expires_in=60))

    def answer(request: Request) -> Reply:
        said = request.headers["Authorization"]
        status = 401 if "s3cret-token" in said else 422
        return Reply(f'{{"error": "{said} s3cret-other"}}'.encode(), status)

    def renew(old: Token) -> Token:
        return msgspec.structs.replace(old, access_token="s3cret-renewed")

    with run_server(answer) as (url, asked), Client(url, auth=TokenSigner(url, file, renew)) as client:
        with pytest.raises(Refused) as raised:
            client.get("/x")
    assert "s3cret-renewed" in asked[-1].headers["Authorization"]
    assert "Bearer …" in str(raised.value)
    assert "s3cret" not in str(raised.value)


ODD_HEADERS = [
    {"Date": "Mon, 23 Nov 99999999999 00:00:00 GMT", "ETag": '"1"'},
    {"X-Pagination-Page-Count": "9" * 5000},
    {"Expires": "Mon, 23 Nov 99999 00:00:00 GMT"},
    {"Expires": "Fri, 31 Dec 9999 23:59:59 +9999", "ETag": '"1"'},
    {"Cache-Control": "max-age=" + "9" * 400},
    {"Set-Cookie": "\x80=\x81"},
]


@pytest.mark.parametrize("headers", ODD_HEADERS)
def test_an_odd_header_is_survived(tmp_path: Path, headers: dict[str, str]) -> None:
    """Header fields of no sense do not stop an answer."""
    with run_server(lambda _: Reply(headers=headers)) as (url, _), Client(url, cache_folder=tmp_path) as client:
        assert client.get("/x").body == b"[]"


def test_a_location_of_no_sense_is_one_sentence() -> None:
    """A redirect whose address cannot be read is told, not crashed on."""
    with run_server(lambda _: Reply(b"", 301, {"Location": "http://\xff\xfe/"})) as (url, _), Client(url) as client:
        with pytest.raises(TraktIcalError) as raised:
            client.get("/x")
    assert raised.value.exit_code == 5


def test_what_cannot_be_sent_is_not_tried_again() -> None:
    """An address or a header that no request may have is told at once."""
    slept: list[float] = []
    for url, headers in (("http://a..b:1", {}), ("http://127.0.0.1:1", {"trakt-api-key": "a\nb"})):
        with (
            Client(url, headers=headers, sleep=slept.append) as client,
            pytest.raises(Unreachable, match="cannot be sent"),
        ):
            client.get("/x")
    assert slept == []


# urllib3 leaves the socket to the collector
def test_a_body_that_stalls_is_no_answer_in_time() -> None:
    """A server that falls silent in the middle of a body is told as such."""
    slept: list[float] = []
    told = Reply(b"[1, ", headers={"Content-Length": "100"})
    with run_server(lambda _: told) as (url, _), Client(url, sleep=slept.append, timeout=(1, 0.1)) as client:
        with pytest.raises(Unreachable, match="in time"):
            client.get("/x")


def test_a_netrc_does_not_replace_the_signature(home: Path) -> None:
    """What ~/.netrc says of the host is never sent, signed or not."""
    (home / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    (home / ".netrc").chmod(0o600)
    token = TokenFile(home / "token.json")
    token.save(make_token(created_at=2**31, expires_in=60))
    with run_server(lambda _: Reply()) as (url, asked):
        for auth in (None, PasswordSigner(url, "justin", "secret"), TokenSigner(url, token, lambda old: old)):
            with Client(url, auth=auth) as client:
                client.get("/x")
    assert [request.headers.get("Authorization") for request in asked] == [
        None,
        "Basic anVzdGluOmU1ZTlmYTFiYTMxZWNkMWFlODRmNzVjYWFhNDc0ZjNhNjYzZjA1ZjQ=",  # justin:sha1("secret")
        "Bearer a",
    ]


def test_a_signer_signs_for_its_own_server_alone(home: Path) -> None:
    """A request to another server goes without the signature."""
    with run_server(lambda _: Reply()) as (url, asked):
        with Client(url, auth=PasswordSigner("http://127.0.0.1:1", "justin", "secret")) as client:
            client.get("/x")
    assert "Authorization" not in asked[0].headers


def test_a_secret_does_not_travel_in_the_clear() -> None:
    """Over plain http only loopback is signed for, unless a setting allows more."""
    for url in ("https://trakt.example", "http://127.0.0.1:1", "http://localhost", "http://[::1]"):
        PasswordSigner(url, "justin", "secret")
    with pytest.raises(SettingsError, match=r"trakt\.example over plain http"):
        PasswordSigner("http://trakt.example", "justin", "secret")
    PasswordSigner("http://trakt.example", "justin", "secret", plain_http=True)


def test_without_a_proxy_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that is not there is tried again even for a POST, which certainly had no effect."""
    with run_server(lambda _: Reply()) as (url, _):
        pass  # its port is free now
    monkeypatch.setenv("http_proxy", url)
    slept: list[float] = []
    with Client("http://trakt.example", sleep=slept.append) as client:
        with pytest.raises(Unreachable, match="proxy does not answer") as raised:
            client.post("/x", {})
    assert len(slept) == len(WAITS)
    assert had_no_effect(raised.value)


def test_a_proxy_of_the_environment_does_not_see_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this computer do not take the way over a proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with run_server(lambda _: Reply()) as (url, asked), Client(url) as client:
        client.get("/x")
    assert len(asked) == 1


def answer_with_etag(request: Request) -> Reply:
    """A calendar with an ETag, unchanged for who knows it."""
    headers = {"ETag": 'W/"1"', "Date": "Sat, 18 Apr 2026 12:00:00 GMT", "Cache-Control": "public, max-age=28800"}
    known = request.headers.get("If-None-Match") == 'W/"1"'
    return Reply(b"" if known else b"[1]", 304 if known else 200, headers)


NOON = datetime(2026, 4, 18, 12, tzinfo=UTC)


def test_an_answer_is_asked_for_with_its_etag(tmp_path: Path) -> None:
    """An answer that is kept is asked for again, even while it is young; 304 brings it back."""
    with run_server(answer_with_etag) as (url, asked):
        for number in range(3):
            with Client(url, cache_folder=tmp_path, now=lambda: NOON) as client:
                answer = client.get("/x")
                assert (answer.body, answer.status, answer.from_cache) == (b"[1]", 200, number > 0)
    assert [request.headers.get("If-None-Match") for request in asked] == [None, 'W/"1"', 'W/"1"']


def test_a_304_makes_a_kept_answer_young_again(tmp_path: Path) -> None:
    """An answer is as old as the last time that Trakt said it still holds; whoever takes old ones does not ask."""
    dates = iter(["Sat, 18 Apr 2026 08:00:00 GMT", "Sat, 18 Apr 2026 12:00:00 GMT"])

    def answer(request: Request) -> Reply:
        known = "If-None-Match" in request.headers
        return Reply(b"" if known else b"[1]", 304 if known else 200, {"ETag": '"1"', "Date": next(dates)})

    with run_server(answer) as (url, asked):
        for max_age, requests in ((0, 1), (1, 2), (1, 2)):
            now = NOON - timedelta(hours=4) if not max_age else NOON + timedelta(minutes=30)
            hour = timedelta(hours=max_age)
            with Client(url, cache_folder=tmp_path, max_age=hour, now=lambda now=now: now) as client:
                assert client.get("/x").body == b"[1]"
            assert len(asked) == requests


@pytest.mark.parametrize("headers", [{"Cache-Control": "private, no-store"}, {"Vary": "*"}])
def test_an_answer_that_may_not_be_kept_is_not(tmp_path: Path, headers: dict[str, str]) -> None:
    """A server that forbids it is obeyed, and what was kept before goes."""
    replies = iter([{"ETag": '"1"'}, {"ETag": '"1"', **headers}])
    with run_server(lambda _: Reply(b"[1]", headers=next(replies))) as (url, _):
        for kept in (1, 0):
            with Client(url, cache_folder=tmp_path) as client:
                assert client.get("/x").body == b"[1]"
            assert len(list(tmp_path.iterdir())) == kept


def test_kept_answers_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Files of the answer cache are readable by their owner alone."""
    with (
        run_server(answer_with_etag) as (url, _),
        Client(url, cache_folder=tmp_path / "answers", now=lambda: NOON) as client,
    ):
        client.get("/x")
    files = [path for path in (tmp_path / "answers").rglob("*") if path.is_file()]
    assert files
    assert all(path.stat().st_mode & 0o077 == 0 for path in files if path.suffix != ".lock")
    assert (tmp_path / "answers").stat().st_mode & 0o077 == 0


def find_kept_file(folder: Path) -> Path:
    [path] = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return path


@pytest.mark.parametrize(("days", "is_kept"), [(39, True), (41, False)])
def test_an_answer_is_kept_for_forty_days_after_its_last_use(tmp_path: Path, days: int, is_kept: bool) -> None:
    """The next run deletes what was not used for longer: a cache that only grows would fill the disk."""
    with run_server(lambda _: Reply(headers={"ETag": '"1"'})) as (url, _):
        with Client(url, cache_folder=tmp_path) as client:
            client.get("/x")
        used = time.time() - days * 86400
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        for path in files:
            os.utime(path, (used, used))
        with Client(url, cache_folder=tmp_path):
            assert [path.exists() for path in files] == [is_kept] * len(files)


def test_a_damaged_cache_is_an_empty_cache(tmp_path: Path) -> None:
    """A kept answer that was cut, spoiled or emptied is fetched anew."""
    with run_server(answer_with_etag) as (url, asked):
        for damage in (
            lambda octets: octets[:-1],
            lambda octets: octets + b"x",
            lambda octets: octets[9:],
            lambda _: b"",
        ):
            with Client(url, cache_folder=tmp_path, now=lambda: NOON) as client:
                client.get("/x")
            path = find_kept_file(tmp_path)
            path.write_bytes(damage(path.read_bytes()))
            with Client(url, cache_folder=tmp_path, now=lambda: NOON) as client:
                assert client.get("/x").body == b"[1]"
    assert "If-None-Match" not in asked[-1].headers


def test_a_cache_that_cannot_be_written_costs_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Where the cache folder cannot be used the answer still arrives, with a warning."""
    (tmp_path / "file").write_text("")
    with run_server(answer_with_etag) as (url, _), caplog.at_level(logging.WARNING):
        with Client(url, cache_folder=tmp_path / "file" / "answers", now=lambda: NOON) as client:
            assert client.get("/x").body == b"[1]"
    assert "answer cache" in caplog.text


def test_an_unreadable_date_is_no_date(tmp_path: Path) -> None:
    """A Date header that is none does not stop the cache."""
    told = Reply(b"[1]", headers={"Date": "yesterday", "ETag": '"1"'})
    with run_server(lambda _: told) as (url, _), Client(url, cache_folder=tmp_path) as client:
        assert client.get("/x").body == client.get("/x").body == b"[1]"


def test_cookies_are_not_kept() -> None:
    """What a server sets as a cookie is not sent back."""
    with run_server(lambda _: Reply(headers={"Set-Cookie": "a=b; Path=/"})) as (url, asked), Client(url) as client:
        client.get("/x")
        client.get("/x")
    assert "Cookie" not in asked[1].headers


AT_ONCE = """
import sys
import threading
import time

from trakt_ical.fetch.v2.wire import EpisodeEntry
from trakt_ical.trakt.client import Answer

sys.setswitchinterval(1e-6)
answer = Answer("GET /x", 200, {}, b'[{"episode": {"season": 1, "number": 2}, "show": {"ids": {"trakt": 1}}}]')
start = threading.Barrier(8)


def decode():
    start.wait()
    answer.decode(list[EpisodeEntry])


threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_may_decode_their_first_answers_at_once() -> None:
    """Eight threads that first meet a form of answers at once do not crash the process, as msgspec by itself would."""
    for _ in range(8):
        done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")

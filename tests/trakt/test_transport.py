"""Answers that never end, or are no HTTP at all: each ends in one sentence."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Line
from tests.server import QuietHandler, Reply, Request, run_handler, run_raw_server, run_server
from trakt_ical.errors import BrokenAnswer, TraktError, Unreachable
from trakt_ical.trakt.client import Client

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(octets: bytes, after: bytes = b"") -> Callable[[socket.socket], None]:
    """Send *octets* at once and then *after* without end, one octet at a time."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(octets)
        while True:
            for octet in after or b" ":
                connection.sendall(bytes([octet]))
                time.sleep(0.02)

    return answer


DRIPS = {
    "status": drip(b"", b"H"),
    "head": drip(HEAD, b"X: y\r\n"),
    "body": drip(HEAD + b"Content-Length: 1000000\r\n\r\n["),
    "no length": drip(HEAD + b"\r\n["),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "one chunk": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"),
}


@pytest.mark.parametrize("name", DRIPS)
@pytest.mark.parametrize("keeps", [False, True], ids=["", "kept"])
def test_an_answer_that_never_ends_is_given_up(tmp_path: Path, name: str, keeps: bool) -> None:
    """A server that sends one octet at a time is left after the limit for a whole answer, and not asked again."""
    folder = tmp_path if keeps else None
    with run_raw_server(DRIPS[name]) as url, Client(url, cache_folder=folder, answer_limit=0.2) as client:
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="not complete"):
            client.get("/x")
        with pytest.raises(Unreachable, match="not complete"):
            client.post("/x", {})
    assert time.monotonic() - begun < 60


def test_a_run_that_never_ends_is_given_up() -> None:
    """All requests together have a limit too, with the waits between them."""
    with run_raw_server(drip(HEAD + b"Content-Length: 100000\r\n\r\n[")) as url, Client(url, run_limit=0.2) as client:
        for _ in range(2):
            with pytest.raises(Unreachable, match="run_limit"):
                client.get("/x")
    slept: list[float] = []
    with run_server(lambda _: Reply(status=503)) as (url, _), Client(url, run_limit=1, sleep=slept.append) as client:
        with pytest.raises(Unreachable, match="run_limit"):
            client.get("/x")
    assert slept == []


def test_an_answer_after_a_slow_one_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is one for each answer: connections that are kept open bring no old limit with them."""
    passed = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed)
    for module in ("trakt.client", "answer_limits"):
        monkeypatch.setattr(f"trakt_ical.{module}.time", clock)
    with run_server(lambda _: Reply()) as (url, _), Client(url, answer_limit=60) as client:
        for _ in range(3):
            client.get("/x")
            passed += 50


def test_the_limit_of_a_run_is_a_setting(line: Line) -> None:
    """An export that Trakt drips to ends, and the next one need not wait for its lock."""
    assert line("export", environ={"TRAKT_ICAL_RUN_LIMIT": "-1"}).exit_code == 3
    with run_raw_server(drip(HEAD, b"X: y\r\n")) as url:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("trakt_ical.app.open_source.SECONDS_PER_MINUTE", 0.01)
            result = line("export", environ={"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"})
    assert (result.exit_code, "run_limit" in result.stderr) == (5, True), result.stderr
    assert line("export").exit_code == 0


ODD = {
    "negative chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n[]\r\n0\r\n\r\n",
    "huge chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n[]",
    "no chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n[]",
    "two lengths": HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    "no length": HEAD + b"Content-Length: many\r\n\r\n[]",
    "no status": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 99999": b"HTTP/1.1 99999 OK\r\n\r\n",
    "no HTTP": b"220 smtp.example ready\r\n",
    "nothing": b"",
    "bad gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n[]",
    "long header": HEAD + b"X: " + b"x" * 100_000 + b"\r\n\r\n[]",
    "many headers": HEAD + b"X: x\r\n" * 500 + b"\r\n[]",
    "location": b"HTTP/1.1 301 X\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    "retry-after": b"HTTP/1.1 503 X\r\nRetry-After: 1\x1e\r\nContent-Length: 0\r\n\r\n",
    "deep error": b"HTTP/1.1 422 X\r\nContent-Length: 100000\r\n\r\n" + b"[" * 100_000,
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("keeps", [False, True], ids=["", "kept"])
def test_an_answer_that_is_no_http_is_one_sentence(tmp_path: Path, name: str, keeps: bool) -> None:
    """Whatever a server sends, the run ends with 5 or goes on."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(ODD[name])

    folder = tmp_path if keeps else None
    with (
        run_raw_server(answer) as url,
        Client(url, cache_folder=folder, sleep=lambda _: None, timeout=(1, 1)) as client,
    ):
        try:
            body = client.get("/x").body
        except TraktError as error:
            assert "\n" not in str(error)  # noqa: PT017  either outcome is right
        else:
            assert body in (b"", b"[]")


def test_json_that_is_nested_too_deep_is_a_broken_answer(shared: Path) -> None:
    """A field that nobody reads may hold anything but that."""
    deep = (shared / "cases" / "attack" / "deep-in-an-unknown-field.json").read_bytes()
    for body in (deep, b"[" * 10**6):
        with run_server(lambda _, body=body: Reply(body)) as (url, _), Client(url) as client:
            # How deep is too deep depends on the Python: some read the first one.
            with contextlib.suppress(BrokenAnswer):
                client.get("/x").decode(list[dict[str, object]])


def test_what_an_answer_varies_by_is_not_kept(tmp_path: Path) -> None:
    """An answer that varies by Authorization is kept without the token that was sent."""

    def answer(request: Request) -> Reply:
        known = request.headers.get("If-None-Match") == '"x"'
        return Reply(b"" if known else b"[1]", 304 if known else 200, {"ETag": '"x"', "Vary": "Origin, authorization"})

    with run_server(answer) as (url, asked):
        for token in ("s3cret-token", "another-token"):
            with Client(url, headers={"Authorization": f"Bearer {token}"}, cache_folder=tmp_path) as client:
                assert client.get("/x").body == b"[1]"
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"-token" not in kept
    assert [each.headers.get("If-None-Match") for each in asked] == [None, '"x"']


@pytest.mark.parametrize(
    ("headers", "most"),
    [
        ({}, 1),
        ({"Content-Length": "2"}, 1),
        ({"Content-Encoding": "gzip"}, 1),
        ({"Transfer-Encoding": "chunked"}, 4),
    ],
    ids=["", "length", "packed", "chunked"],
)
def test_unchanged_answers_share_a_connection(tmp_path: Path, headers: dict[str, str], most: int) -> None:
    """After a 304 the connection is used again: each new one to Trakt costs a TLS handshake.

    There is no body to wait for, even where header fields describe one: they may be those of the whole answer.
    """
    connections: set[object] = set()

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            connections.add(self.client_address)
            known = self.headers.get("If-None-Match") == '"x"'
            self.send_response_only(304 if known else 200)
            self.send_header("ETag", '"x"')
            for name, value in headers.items() if known else [("Content-Length", "2")]:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if known else b"[]")

    with run_handler(Handler) as url, Client(url, cache_folder=tmp_path) as client:
        assert [client.get("/x").from_cache for _ in range(4)] == [False, True, True, True]
    assert len(connections) <= most


def test_a_cache_that_is_emptied_meanwhile_costs_nothing(tmp_path: Path) -> None:
    """A kept answer is at hand before it is asked for: a cache emptied while the request is on its way is no error."""

    def answer(request: Request) -> Reply:
        if "If-None-Match" in request.headers:
            for path in tmp_path.rglob("*"):
                path.unlink()
            return Reply(b"", 304)
        return Reply(b"[1]", headers={"ETag": '"x"'})

    with run_server(answer) as (url, asked):
        for _ in range(2):
            with Client(url, cache_folder=tmp_path) as client:
                assert client.get("/x").body == b"[1]"
    assert len(asked) == 2


def test_a_304_without_end_is_a_broken_answer(tmp_path: Path) -> None:
    """A server that always says that nothing changed is at fault, not the settings."""
    with run_server(lambda _: Reply(b"", 304)) as (url, _), Client(url, cache_folder=tmp_path) as client:
        with pytest.raises(BrokenAnswer):
            client.get("/x")


def test_a_cache_that_cannot_be_used_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Answers come all the same where the folder of the cache is a file, or below one."""
    (tmp_path / "file").write_bytes(b"")
    with run_server(lambda _: Reply(headers={"ETag": '"x"'})) as (url, _):
        for folder in (tmp_path / "file", tmp_path / "file" / "below"):
            with Client(url, cache_folder=folder) as client:
                assert [client.get(f"/{number}").body for number in range(3)] == [b"[]"] * 3
    assert len([each for each in caplog.messages if "cache cannot be" in each]) <= 4


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_in_the_cache_holds_nobody_up(tmp_path: Path) -> None:
    """A pipe in the place of a kept answer is read, and written, as no answer at all."""
    with run_server(lambda _: Reply(b"[1]", headers={"ETag": '"x"'})) as (url, asked):
        with Client(url, cache_folder=tmp_path) as client:
            client.get("/x")
        [path] = tmp_path.iterdir()
        path.unlink()
        os.mkfifo(path)
        with Client(url, cache_folder=tmp_path) as client:
            assert client.get("/x").body == b"[1]"
    assert len(asked) == 2


def test_the_cache_leaves_nothing_behind(tmp_path: Path) -> None:
    """One file for each answer: no locks, no folders, no temporary files; half an answer is as good as none."""
    (tmp_path / "0" / "1").mkdir(parents=True)
    with run_server(lambda _: Reply(headers={"ETag": '"x"'})) as (url, asked):
        for _ in range(2):
            with Client(url, cache_folder=tmp_path) as client:
                for number in range(5):
                    client.get(f"/{number}")
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert len(files) == len(list(tmp_path.rglob("*"))) == 5
        for number, path in enumerate(sorted(files)):
            path.write_bytes(path.read_bytes()[: number * 20] if number < 4 else path.read_bytes() + b"more")
        with Client(url, cache_folder=tmp_path) as client:
            assert [client.get(f"/{number}").body for number in range(5)] == [b"[]"] * 5
        assert [each.headers.get("If-None-Match") for each in asked[-5:]] == [None] * 5

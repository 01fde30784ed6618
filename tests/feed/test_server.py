"""The web server: its port, its end, hostile and slow strangers, and answers that take long."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import Line
from tests.feeds import RunningFeed, run_demo_process, run_feed
from tests.ports import find_port
from trakt_ical.errors import OutputError
from trakt_ical.feed.answers import Answer, make_text_answer
from trakt_ical.feed.asgi import FeedApp
from trakt_ical.feed.server import MAX_PIPELINED, READ_FACTOR, WebServer, open_listeners
from trakt_ical.http import ListenAddress


def test_a_host_of_any_length_gets_a_page(running: RunningFeed) -> None:
    """Without public_url the page's addresses are those of the request, and one too long for a code has none."""
    with_code, without = (running.get(running.page, {"Host": f"{name}.example"}) for name in ("tv", "tv" * 3000))
    assert (with_code.status_code, without.status_code) == (200, 200)
    assert ("QR code" in with_code.text, "QR code" in without.text) == (True, False)


@pytest.mark.parametrize("host", ['"><b>', "[::1", "a/b", "a@b", "a:999999", "", "é"])
def test_a_host_that_is_none_is_not_shown(running: RunningFeed, host: str) -> None:
    """The page's addresses begin with the socket's own address where the request names no host."""
    answer = running.get(running.page, {"Host": host})
    assert answer.status_code == 200
    assert running.url in answer.text


def test_a_port_that_is_taken_is_said(line: Line) -> None:
    """Exit 6, and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = line("serve", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (result.exit_code, "listen" in result.stderr) == (6, True)
    assert line("serve", "--listen", "192.0.2.1:8642").exit_code == 6


HAS_IPV6 = socket.has_ipv6 and Path("/proc/net/if_inet6").exists()


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["localhost", "[::]"])
def test_both_families_reach_localhost_and_everything(host: str) -> None:
    """`localhost` and `[::]` serve IPv4 and IPv6 at one port."""
    with run_demo_process("serve", "--listen", f"{host}:0") as (_, base):
        port = urlsplit(base).port
        for reached in ("127.0.0.1", "[::1]", "localhost"):
            assert requests.get(f"http://{reached}:{port}/robots.txt", timeout=60).status_code == 200


def test_a_server_listens_at_several_addresses_each_once() -> None:
    """Names and numbers of one place are one socket; all others have their own."""
    port = find_port()
    addresses = [ListenAddress(host, port) for host in ("127.0.0.1", "127.0.0.2", "localhost", "0.0.0.0")]
    with open_listeners(addresses[:3]) as listeners:
        places = {listener.getsockname()[:2] for listener in listeners}
        assert len(places) == len(listeners)
        assert {("127.0.0.1", port), ("127.0.0.2", port)} <= places


def test_a_place_of_a_name_that_is_not_here_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without IPv6, `localhost` and `[::]` serve IPv4 alone; an address that is nowhere is still an error."""
    create = socket.create_server

    def create_without_ipv6(place: tuple[str, int], *, family: int, backlog: int) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return create(place[:2], family=family, backlog=backlog)

    monkeypatch.setattr(socket, "create_server", create_without_ipv6)
    for host, reached in (("localhost", "127.0.0.1"), ("::", "0.0.0.0")):
        with open_listeners([ListenAddress(host, 0)]) as listeners:
            assert [listener.getsockname()[0] for listener in listeners] == [reached]
    with pytest.raises(OutputError, match="::1"), open_listeners([ListenAddress("::1", 0)]):
        pass


def test_forwarded_headers_are_believed_of_named_proxies_alone(line: Line) -> None:
    """Without trusted_proxies the scheme that a stranger tells is not taken over."""
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7", "Host": "tv.example.org"}
    for proxies, scheme in (("", "http"), ("10.0.0.0/8", "http"), ("127.0.0.1", "https")):
        with run_feed(line, trusted_proxies=proxies) as running:
            assert f"{scheme}://tv.example.org/" in running.get(running.page, forwarded).text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_in_time(number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C end it within 5 seconds with status 0, and answers that were begun are sent whole."""
    with run_demo_process("serve", "--listen", "127.0.0.1:0") as (process, base), contextlib.ExitStack() as stack:
        host, port = base.removeprefix("http://").split(":")
        idle, half, whole = (stack.enter_context(socket.create_connection((host, int(port)), 60)) for _ in range(3))
        half.sendall(b"GET / HTTP/1.1\r\nHos")
        while requests.get(base + "/healthz", timeout=60).status_code != 200:
            assert process.poll() is None
        environ = os.environ | {"TRAKT_ICAL_LISTEN": f"{host}:{port}"}
        command = [sys.executable, "-m", "trakt_ical", "--demo", "feed", "url"]
        url = subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()
        whole.sendall(f"GET {url.removeprefix(base)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = whole.recv(1)
        process.send_signal(number)
        answer += whole.makefile("rb").read()
        assert answer.endswith(b"\r\nEND:VCALENDAR\r\n")
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        assert idle.recv(1) == b""


def test_a_server_ends_in_time_while_trakt_keeps_it_waiting(line: Line) -> None:
    """A refresh that hangs at Trakt does not hold up the end."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        there = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environ = os.environ | line.environ | {"TRAKT_ICAL_API_URL": there, "TRAKT_ICAL_SOURCE": "all"}
        command = [sys.executable, "-m", "trakt_ical", "serve", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
            silent.settimeout(60)
            asking, _ = silent.accept()
            assert asking.recv(10)
            process.terminate()
            try:
                assert process.wait(30) == 0
            finally:
                process.kill()
                asking.close()


class SlowRoute:
    """A route whose answer takes until it is *released*."""

    path = "/slow/"

    def __init__(self) -> None:
        self.begun, self.released = threading.Event(), threading.Event()

    def respond(self, method: str, path: str, body: bytes) -> Answer:
        self.begun.set()
        assert self.released.wait(60)
        return make_text_answer(200, f"{method} {path} {body.decode()}")


def test_an_answer_that_takes_long_holds_up_nobody_and_is_noticed_at_the_end(running: RunningFeed) -> None:
    """A route runs beside everything else, hears method, path and form, and the end knows that it still runs."""
    route = SlowRoute()
    application = FeedApp(running.accounts.directory, route)
    with open_listeners([ListenAddress("127.0.0.1", 0)]) as listeners, ThreadPoolExecutor(2) as others:
        server = WebServer(application, listeners, running.service.reload)
        serving = others.submit(server.run)
        base = ListenAddress(*listeners[0].getsockname()[:2]).url
        slow = others.submit(requests.post, f"{base}/slow/way", b"x", timeout=60)
        assert route.begun.wait(60)
        assert requests.get(base + running.path, timeout=60).status_code == 200
        assert not application.close()
        route.released.set()
        assert slow.result(20).text == "POST /slow/way x"
        server.stop()
        serving.result(20)
    assert application.close()


HOSTILE = [
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET //// HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET http://elsewhere.example/x HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT elsewhere.example:443 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET /\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"\r\n\r\n\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nHTTP2-Settings: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: \x00\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: a\r\n" * 20_000 + b"\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: " + b'"a",' * 7_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: " + b"a;q=," * 6_000 + b"\r\n\r\n",
]


def send_raw(running: RunningFeed, octets: bytes, *, ends: bool = True) -> bytes:
    """What comes back for *octets* on a connection of their own, which the client *ends* after them."""
    host, port = running.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection, contextlib.suppress(ConnectionError):
        with contextlib.suppress(OSError):  # hung up on us before the end
            connection.sendall(octets)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()
    return b""


def test_hostile_requests_get_nothing(running: RunningFeed, caplog: pytest.LogCaptureFixture) -> None:
    """Tricks with paths, lengths, methods and codings end in a 4xx or a closed connection, and the feed goes on."""
    secrets = running.service.store.secrets.all
    for octets in HOSTILE:
        answer = send_raw(running, octets)
        assert answer == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505) ", answer), octets[:80]
        assert not any(secret.encode() in answer for secret in secrets)
    assert running.get().status_code == 200
    assert not any(secret in caplog.text for secret in secrets)
    assert "Traceback" not in caplog.text


STRANGE_LINKS = [
    "99991231T235959-2359/y",
    "99991231T235959Z/y",
    "00010101T000000+2359/y",
    "99991231/y",
    "20260418T126060Z/y",
    "%F0%9F%93%BA/%00",
    "2026-W99-9/y",
    "20260418T120000Z/" + "a" * 9000,
    "é/\udcff",
]


def test_a_stranger_causes_no_500(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """Odd check-in links and forms of any length are 404, 413 or 400, for each method, and leave no traceback."""
    with run_feed(line, checkin_links=True, public_url="https://tv.example.org") as running:
        for link in STRANGE_LINKS:
            target = f"/check-in/x/{link}".encode(errors="surrogateescape")
            for method, body in ((b"GET", b""), (b"HEAD", b""), (b"POST", b"choice=wait"), (b"PUT", b"x")):
                head = b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                answer = send_raw(running, head % (method, target, len(body)) + body, ends=False)
                assert re.match(rb"HTTP/1\.1 40[045] ", answer), (link, method)
        for body in (b"x" * 5_000, b"x" * 1_000_000):
            head = b"POST /check-in/x/20260418T120000Z/y HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            answer = send_raw(running, head + b"Content-Length: %d\r\n\r\n" % len(body) + body, ends=False)
            assert answer.startswith(b"HTTP/1.1 413 ")
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1\r\nHost: x\r\nConnection: close", 200),
        (b"HTTP/1.1\r\nHost:\r\nConnection: close", 200),
        (b"HTTP/1.0", 200),
        (b"HTTP/1.0\r\nHost: x", 200),
        (b"HTTP/1.1\r\nConnection: close", 400),
        (b"HTTP/1.1\r\nHost: x\r\nHost: y", 400),
        (b"HTTP/1.0\r\nHost: x\r\nHost: x", 400),
        (b"HTTP/x\r\nHost: x", 400),
        (b"HTTP/1.2\r\nHost: x", 505),
        (b"HTTP/2.0\r\nHost: x", 505),
        (b"HTTP/3\r\nHost: x", 505),
        (b"HTTP/9.9\r\nHost: x", 505),
        (b"HTTP/0.9\r\nHost: x", 505),
    ],
)
def test_a_request_needs_a_known_version_and_one_host(running: RunningFeed, head: bytes, status: int) -> None:
    """HTTP/1.1 without Host, or with two, is 400; another version than 1.0 and 1.1 is 505."""
    answer = send_raw(running, b"GET /robots.txt " + head + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert status == 200 or b"connection: close" in answer.lower()


def test_bad_conditions_on_the_right_address_are_harmless(running: RunningFeed) -> None:
    """With the secret known, no header field makes an answer other than 200, 304 or 405."""
    for name in ("If-None-Match", "If-Modified-Since", "Accept-Encoding", "Range", "If-Match", "If-Range", "Expect"):
        for value in ("", '"', "*,*", "W/", "\x7f", "é", "bytes=0-", "9" * 5000, "100-continue", "gzip;q=9e999"):
            request = f"GET {running.path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
            answer = send_raw(running, request.encode("latin-1"))
            assert re.match(rb"HTTP/1\.1 (200|304|400|100) ", answer), (name, value)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "REPORT"):
        answer = running.get(method=method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_wrong_secrets_by_the_thousand_learn_nothing(running: RunningFeed) -> None:
    """Each wrong secret has the same answer, and the right one is still answered."""
    right = running.service.store.secrets.calendars["Trakt"]
    connection = http.client.HTTPConnection(running.base.removeprefix("http://"))
    answers = set()
    for number in range(3000):
        connection.request("GET", "/" + f"{right[: number % 40]}x{number}".ljust(40, "x")[:40] + "/Trakt.ics")
        answer = connection.getresponse()
        answers.add((answer.status, answer.read()))
    connection.close()
    assert [status for status, _ in answers] == [404]
    assert running.get().status_code == 200


def test_slow_clients_do_not_keep_others_out(running: RunningFeed) -> None:
    """With 300 connections that never end their request, and 50 that never read, the feed answers all the same."""
    host, port = running.base.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        for number in range(350):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            whole = f"GET {running.path} HTTP/1.1\r\nHost: x\r\n\r\n" * 20
            connection.sendall(whole.encode() if number % 7 == 0 else b"GET / HTTP/1.1\r\nX: ")
        assert running.get().status_code == 200
        assert running.get(running.page).status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit on Windows")
def test_more_connections_than_usual_are_taken() -> None:
    """A server takes as many connections as it may at most, not as many as a process has by default."""
    serve = f"ulimit -S -n 100 && exec {sys.executable} -m trakt_ical --demo serve --listen 127.0.0.1:0"
    with subprocess.Popen(["bash", "-c", serve], stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = re.search(r"http://(\S+):(\d+)", process.stderr.readline())
            assert told
            with contextlib.ExitStack() as stack:
                for _ in range(150):
                    stack.enter_context(socket.create_connection((told[1], int(told[2])))).sendall(b"GET / ")
                assert requests.get(told[0] + "/robots.txt", timeout=60).status_code == 200
        finally:
            process.kill()


ROBOTS = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "endless"),
    [
        (b"", b"GET / HTTP/1.1\r\nX: "),
        (ROBOTS, b"GET / HTTP/1.1\r\nX: "),
        (b"", b"\r\n"),
        (ROBOTS, b"\r\n"),
        (ROBOTS, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx"),
        (ROBOTS, b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
        (ROBOTS.replace(b"Host", b"Connection: upgrade\r\nUpgrade: h2c\r\nHost"), b"PRI"),
    ],
)
def test_an_endless_request_is_ended(line: Line, before: bytes, endless: bytes) -> None:
    """Who does not end a request, its body included, is hung up on, on a new connection and on a used one."""
    with run_feed(line, request_timeout=0.2) as running:
        host, port = running.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection, connection.makefile("rb") as told:
            connection.sendall(before)
            answer = b"".join(iter(told.readline, b"Disallow:\n")) if before else b""
            connection.sendall(endless)
            assert b"HTTP/1.1 200" not in told.read()
            assert (b"HTTP/1.1 200" in answer) is bool(before)


def test_who_never_reads_is_hung_up_on(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """A client that asks and asks and does not take the answers loses the connection, and the log is not full of it."""
    with run_feed(line, request_timeout=0.1) as running:
        running.refresh()
        host, port = running.base.removeprefix("http://").split(":")
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(60)
            connection.connect((host, int(port)))
            connection.sendall(f"GET {running.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * MAX_PIPELINED)
            for _ in range(3 * READ_FACTOR):  # by the server's own clock
                with socket.create_connection((host, int(port)), timeout=60) as idle:
                    assert idle.recv(1) == b""
            assert connection.makefile("rb").read().count(b"END:VCALENDAR") < MAX_PIPELINED
    assert "Traceback" not in caplog.text


def test_requests_do_not_pile_up(running: RunningFeed) -> None:
    """Who sends requests by the thousand before an answer is hung up on, and most of them are not even looked at."""
    answer = send_raw(running, b"GET /aaaaaaaaaaaaaa HTTP/1.1\r\nHost: x\r\n\r\n" * 8192)
    assert answer.count(b"HTTP/1.1 404") <= 2 * MAX_PIPELINED
    assert running.get().status_code == 200

"""The HTTP server of the built-in Trakt: a thread per connection, on the loopback interface only."""

import gzip
import socket
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from requests.structures import CaseInsensitiveDict

from trakt_ical.demo.messages import Answer, Request

HOST = "127.0.0.1"
WORTH_PACKING = 256  # bytes; shorter bodies are sent as they are
REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True)
class Delivery:
    """An answer and how it is sent; without an answer the connection is closed."""

    answer: Answer | None
    date: datetime
    delay: float = 0  # seconds
    is_truncated: bool = False


class HTTPServer(ThreadingHTTPServer):
    """Answers from the moment it is made until `stop`."""

    daemon_threads = True
    request_queue_size = 64
    timeout = 1

    def __init__(self, port: int, deliver: Callable[[Request], Delivery]) -> None:
        super().__init__((HOST, port), _Connection)
        self.deliver = deliver
        self.stopping = Event()
        self.url = f"http://{HOST}:{self.server_address[1]}"
        self._thread = Thread(target=self._serve, name="trakt-demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port; a connection that is kept alive is closed instead of its next answer."""
        self.stopping.set()
        with suppress(OSError), socket.create_connection((HOST, self.server_port)):
            pass  # so that it need not look many times a second whether it is to stop
        self._thread.join()
        self.server_close()

    def _serve(self) -> None:
        while not self.stopping.is_set():
            self.handle_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not self.stopping.is_set():
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HTTPServer

    def answer(self) -> None:
        if self.server.stopping.is_set():
            # The thread of a connection outlives the server, and the files that an answer needs may be gone.
            self.close_connection = True
            return
        length = self.headers.get("Content-Length", "0")
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=unquote(url.path),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=CaseInsensitiveDict(self.headers.items()),
            body=self.rfile.read(int(length)) if length.isdigit() else b"",
        )
        try:
            self._send(self.server.deliver(request))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client did not wait for the answer

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *args: Any) -> None:
        """Say nothing: what came in is in `Demo.requests`."""

    def _send(self, delivery: Delivery) -> None:
        if delivery.delay:
            self.server.stopping.wait(delivery.delay)  # ends early when the server stops
        answer = delivery.answer
        if answer is None:
            self.close_connection = True
            return
        body, packing = answer.body, {}
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) >= WORTH_PACKING:
            body, packing = gzip.compress(body, compresslevel=6, mtime=0), {"Content-Encoding": "gzip"}
        date = format_datetime(delivery.date, usegmt=True)
        headers = {"Date": date, "Server": "cloudflare", **packing, **answer.headers}
        if "CF-RAY" not in answer.headers:
            headers["X-Request-Id"] = str(uuid.uuid4())
        if answer.status not in (204, 304):
            headers |= {"Vary": "Accept-Encoding", "Content-Length": str(len(body))}
        if delivery.is_truncated:
            body = body[: len(body) // 2]
            self.close_connection = True
        self._write(answer.status, headers, b"" if self.command == "HEAD" else body)

    def _write(self, status: int, headers: dict[str, str], body: bytes) -> None:
        # `send_response` would add fields of its own and fails on statuses that Python does not know, such as 520.
        lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

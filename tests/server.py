"""A server of one test: it answers what the test says, whatever is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is answered; with the *status* 0, the connection ends without an answer."""

    body: bytes = b"[]"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@contextlib.contextmanager
def run_server(answer: Callable[[Request], Reply]) -> Iterator[tuple[str, list[Request]]]:
    """The address of a server that answers with *answer*, and what it was asked so far."""
    asked: list[Request] = []

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Request(self.command, self.path, dict(self.headers), body)
            asked.append(request)
            told = answer(request)
            if not told.status:
                self.close_connection = True
                return
            self.send_response_only(told.status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(told.body)

        do_POST = do_PUT = do_DELETE = do_PROPFIND = do_REPORT = do_MKCALENDAR = do_GET

    with run_handler(Handler) as url:
        yield url, asked


class QuietHandler(BaseHTTPRequestHandler):
    """Keeps connections alive, and logs nothing."""

    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        """Answer what comes by one connection."""
        with contextlib.suppress(ConnectionError):  # of a client that was killed
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


@contextlib.contextmanager
def run_handler(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server whose connections *handler* answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.002,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def run_raw_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that lets *answer* write to each connection, in a thread of its own, octet by octet."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=respond, args=(connection,), daemon=True).start()

    def respond(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while part := connection.recv(2**16):
                if part.endswith((b"\r\n\r\n", b"}")):
                    answer(connection)
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()

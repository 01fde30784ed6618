"""The demo's HTTP server: a thread per connection, on the loopback interface only."""

import gzip
import uuid
from collections.abc import Callable
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Condition, Event, Thread
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from trakt_ical.demo.answer import Answer, Headers, Seen
from trakt_ical.demo.front import Delivery

HOST = "127.0.0.1"
WORTH_PACKING = 256  # octets; shorter bodies are sent as they are
PATIENCE = 2.0  # seconds that a stop waits for connections to end


class Server:
    """Listens from the moment it is made and answers between `start` and `stop`."""

    def __init__(self, port: int, deliver: Callable[[Seen], Delivery]) -> None:
        self._web = _Web((HOST, port), _Conversation)
        self._web.deliver = deliver
        self._thread = Thread(target=self._web.serve_forever, args=(0.02,), name="trakt-demo", daemon=True)

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://{HOST}:{self._web.server_address[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection, even those that are only kept alive."""
        self._web.shutdown()
        self._thread.join()
        self._web.hang_up()
        self._web.server_close()


class _Web(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    deliver: Callable[[Seen], Delivery]

    def __init__(self, *args: Any) -> None:
        self.stopping = Event()
        self._open: set[socket] = set()
        self._changed = Condition()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def hang_up(self) -> None:
        self.stopping.set()
        with self._changed:
            for connection in self._open:
                try:
                    connection.shutdown(SHUT_RDWR)
                except OSError:
                    continue  # the other side was first
            self._changed.wait_for(lambda: not self._open, PATIENCE)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not self.stopping.is_set():
            super().handle_error(request, client_address)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Web
    REASONS: ClassVar = {status.value: status.phrase for status in HTTPStatus}

    def answer(self) -> None:
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self.send_error(411)
            return
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        url = urlsplit(self.path)
        seen = Seen(
            method=self.command,
            path=unquote(url.path),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers=Headers(dict(self.headers.items())),
            body=body,
        )
        try:
            self._send(self.server.deliver(seen))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client did not wait for the answer

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *args: Any) -> None:
        """Say nothing: what came in is in `Demo.requests`."""

    def _send(self, delivery: Delivery) -> None:
        if delivery.delay:
            self.server.stopping.wait(delivery.delay.total_seconds())
        answer = delivery.answer
        if answer is None:
            self.close_connection = True
            return
        body, packed = self._packed(answer)
        headers = {
            "Date": format_datetime(delivery.date, usegmt=True),
            "Server": "cloudflare",
            **({"Content-Encoding": "gzip"} if packed else {}),
            **answer.headers,
        }
        if "CF-RAY" not in answer.headers:
            headers["X-Request-Id"] = str(uuid.uuid4())
        if answer.status not in (204, 304):
            headers["Vary"] = "Accept-Encoding"
            headers["Content-Length"] = str(len(body))
        self._write(answer.status, headers, body, truncated=delivery.truncated)

    def _packed(self, answer: Answer) -> tuple[bytes, bool]:
        wanted = "gzip" in self.headers.get("Accept-Encoding", "")
        if wanted and len(answer.body) >= WORTH_PACKING:
            return gzip.compress(answer.body, compresslevel=6, mtime=0), True
        return answer.body, False

    def _write(self, status: int, headers: dict[str, str], body: bytes, *, truncated: bool) -> None:
        lines = [f"HTTP/1.1 {status} {self.REASONS.get(status, 'Unknown')}"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        if truncated:
            body = body[: len(body) // 2]
            self.close_connection = True
        if self.command == "HEAD":
            body = b""
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

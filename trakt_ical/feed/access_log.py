"""The log of a server: who asked and what came of it, with every secret cut out, whoever writes the line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SPOKEN = frozenset(("/healthz", "/robots.txt"))
CUT = "…"
LONGEST = 200  # characters of what a client says of itself

access = logging.getLogger("trakt_ical.access")


class SecretFilter(logging.Filter):
    """Cuts *secrets*, which are asked for at each line, out of messages and tracebacks."""

    def __init__(self, secrets: Callable[[], Collection[str]]) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, without its secrets."""
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        for secret in self._secrets():
            message = message.replace(secret, CUT)
        record.msg, record.args, record.exc_info, record.exc_text = message, (), None, None
        return True


@contextmanager
def mask_secrets(secrets: Callable[[], Collection[str]]) -> Iterator[None]:
    """Let the web server's log go where ours goes, and cut *secrets* out of both."""
    ours, server = logging.getLogger("trakt_ical"), logging.getLogger("uvicorn")
    before = server.handlers[:], server.level, server.propagate
    mask = SecretFilter(secrets)
    handlers = ours.handlers[:]
    for handler in handlers:
        handler.addFilter(mask)
    server.handlers, server.propagate = handlers, False
    server.setLevel(max(ours.getEffectiveLevel(), logging.ERROR))  # its other words are on every stranger's nonsense
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(mask)
        server.handlers, server.propagate = before[0], before[2]
        server.setLevel(before[1])


def is_enabled() -> bool:
    """Whether anybody reads the access log."""
    return access.isEnabledFor(logging.INFO)


def log_request(scope: Mapping[str, Any], status: int, size: int) -> None:
    """Write one line for the request of an ASGI *scope* and the answer to it."""
    client = scope["client"][0] if scope.get("client") else "-"
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"").decode("latin-1")
    request = describe_request(scope["method"], scope["path"], status)
    access.info('%s "%s" %d %d %s', client, request, status, size, ascii(agent[:LONGEST]))


def describe_request(method: str, path: str, status: int) -> str:
    """A request for the log: of a path that is not everybody's, what comes after the secret, if that was right.

    What was refused may be a secret by all but a letter.
    """
    if path in SPOKEN:
        return f"{method} {path}"
    name = path.rpartition("/")[2] if status != 404 and path.endswith(".ics") else ""
    return f"{method} /{CUT}" + (f"/{name}" if name else "")

"""The log of the server: who asked and how it was answered. Secrets are cut out of every line, whoever writes it."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

PUBLIC_PATHS = frozenset(("/healthz", "/metrics", "/robots.txt"))
CUT = "…"
LONGEST_NAME = 100  # characters of what a client wrote after the secret
LONGEST_AGENT = 200  # characters of what a client calls itself

access = logging.getLogger("trakt_ical.access")
_account: ContextVar[str] = ContextVar("account", default="")


@contextmanager
def name_account(name: str) -> Iterator[None]:
    """Let each line that this thread logs name the account called *name*, "" for none."""
    token = _account.set(name)
    try:
        yield
    finally:
        _account.reset(token)


class SecretsSource(Protocol):
    """Holds the secrets that are valid now."""

    @property
    def all_secrets(self) -> frozenset[str]:
        """Every secret."""
        ...


class SecretFilter(logging.Filter):
    """Cuts the secrets of *source* out of messages and tracebacks, those too that were renewed meanwhile."""

    def __init__(self, source: SecretsSource) -> None:
        super().__init__()
        self._source = source

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every record, without its secrets."""
        # The whole text at once: a secret may stand in an argument, or in the values that a traceback shows.
        message = record.getMessage()
        if record.exc_info:
            message += "\n" + logging.Formatter().formatException(record.exc_info)
        message = cut_secrets(message, self._source.all_secrets)
        record.account = _account.get()
        record.msg, record.args, record.exc_info, record.exc_text = message, (), None, None
        return True


def cut_secrets(text: str, secrets: frozenset[str]) -> str:
    """Return *text* without *secrets*."""
    # Each part of the text is looked up, which takes the same time for 3,000 secrets as for one: they are of one length
    # or two. To search the text for each of them would take a millisecond a line.
    for length in _find_lengths(secrets):
        start = 0
        while start + length <= len(text):
            if text[start : start + length] in secrets:
                text = text[:start] + CUT + text[start + length :]
            start += 1
    return text


@functools.lru_cache(2)
def _find_lengths(secrets: frozenset[str]) -> set[int]:
    return {len(secret) for secret in secrets if secret}


@contextmanager
def mask_secrets(source: SecretsSource) -> Iterator[None]:
    """Send the web server's log where ours goes, and cut the secrets of *source* out of both."""
    ours, server = logging.getLogger("trakt_ical"), logging.getLogger("uvicorn")
    before = server.handlers[:], server.level, server.propagate
    mask = SecretFilter(source)
    handlers = ours.handlers[:]
    for handler in handlers:
        handler.addFilter(mask)
    server.handlers, server.propagate = handlers, False
    server.setLevel(max(ours.getEffectiveLevel(), logging.ERROR))  # its warnings are about every stranger's nonsense
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
    access.info('%s "%s" %d %d %s', client, request, status, size, ascii(agent[:LONGEST_AGENT]))


def describe_request(method: str, path: str, status: int) -> str:
    """Return a request for the log. Of a path with a right secret it shows what comes after that.

    Of a wrong path it shows nothing, since it may be a secret with one letter missing.
    """
    if path in PUBLIC_PATHS:
        return f"{method} {path}"
    # The name is what a client wrote after the secret, so it may hold anything, line breaks included.
    before, _, name = path.rpartition("/")
    if status == 404 or not before or not name.endswith(".ics") or not name.isprintable():
        return f"{method} /{CUT}"
    return f"{method} /{CUT}/{name[-LONGEST_NAME:]}"

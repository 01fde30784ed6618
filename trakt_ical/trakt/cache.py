"""The answer cache: GET answers with their ETag, one folder for each account, which may be deleted at any time.

It is an adapter of `requests`. An answer that is kept is asked for with its ETag, unless it is young by our own clock;
what a server says of its age does not count. A cache that fails is a cache that is empty: it must never cost an answer.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
from requests import PreparedRequest, Response
from requests.exceptions import ChunkedEncodingError, ConnectionError  # noqa: A004  the library's name
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from trakt_ical import files
from trakt_ical.answer_limits import LimitedAdapter
from trakt_ical.errors import BrokenAnswer
from trakt_ical.http import parse_http_date
from trakt_ical.trakt.statuses import is_page

log = logging.getLogger(__name__)

# A kept answer begins with this, its date, and the size of the file. MessagePack holds the rest.
FORM = b"trakt-ical answer 1\n"
NUMBER = b"%010d\n"
HEAD = len(FORM) + 2 * 11
# Addresses name days, so an answer is never asked for again once its days have left the range. The rest is used in
# each run, and someone who exports once a month still finds it.
LIFETIME = 40 * 86400  # seconds since the last use
LARGEST = 64 * 2**20  # octets, packed
# Somebody may have put a pipe in the place of a kept answer: opened without this, it would hold the run for ever.
NEVER_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
PART = 2**16  # octets that are read at a time
BEGINNING = 64  # octets, unpacked, that tell a page from data
# Cookies are not kept anywhere, and a body that is whole has no chunks any more.
LEFT_OUT = ("set-cookie", "transfer-encoding")


_reported: set[tuple[Path, str]] = set()  # which folders cannot be read, or written


class CachePolicy(msgspec.Struct, frozen=True):
    """Where the answers to one account are kept; while they are younger than *max_age* they are not asked for again."""

    folder: Path
    max_age: timedelta
    now: Callable[[], datetime]


class KeptAnswer(msgspec.Struct, frozen=True):
    """An answer with status 200 as it came: its *headers*, and its *body*, perhaps packed."""

    headers: dict[str, str]
    body: bytes

    @property
    def etag(self) -> str:
        """The ETag, "" without one: such an answer is used while it is young, and then asked for anew."""
        return self.headers.get("etag", "")

    def make_raw(self) -> HTTPResponse:
        """Return the answer as `urllib3` reads it from a connection."""
        body = BytesIO(self.body)
        return HTTPResponse(body, headers=self.headers, status=200, reason="OK", preload_content=False)

    def read_beginning(self) -> bytes:
        """Return what the body begins with, unpacked; "" where that fails."""
        try:
            return self.make_raw().read(BEGINNING, decode_content=True)
        except HTTPError:
            return b""


class AnswerFiles:
    """The answers kept in *folder*, one file for each address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> tuple[KeptAnswer, datetime] | None:
        """Return the answer kept for *url* and its date, None where there is none."""
        try:
            with open(os.open(self._find_path(url), os.O_RDONLY | NEVER_WAIT), "rb") as file:
                return parse_kept_answer(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn("read", error)
            return None

    def save(self, url: str, answer: KeptAnswer, date: datetime) -> None:
        """Keep *answer* to *url*."""
        path = self._find_path(url)
        try:
            # Somebody may empty the cache while it is used.
            files.make_private_folder(self._folder)
            octets = msgspec.msgpack.encode(answer)
            # In place, not by a temporary file that a kill would leave: half an answer has another size than it says,
            # and is as good as none, for whoever reads it now and after a power cut.
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NEVER_WAIT, 0o600), "wb") as file:
                file.write(FORM + _format_date(date) + NUMBER % (HEAD + len(octets)) + octets)
            _date_file(path, date)
        except OSError as error:
            self._warn("written", error)
            self.delete(url)

    def renew(self, url: str, date: datetime) -> None:
        """Note that the answer kept for *url* still held at *date*."""
        try:
            with self._find_path(url).open("r+b") as file:
                file.seek(len(FORM))
                file.write(_format_date(date))
            _date_file(self._find_path(url), date)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._warn("written", error)

    def delete(self, url: str) -> None:
        """Forget the answer to *url*."""
        with contextlib.suppress(OSError):
            self._find_path(url).unlink()

    def _find_path(self, url: str) -> Path:
        return self._folder / hashlib.sha224(url.encode()).hexdigest()

    def _warn(self, what: str, error: OSError) -> None:
        """Warn once: each of many answers, and whoever opens the same folder again, would meet the same fault."""
        is_new = (self._folder, what) not in _reported
        _reported.add((self._folder, what))
        log.log(logging.WARNING if is_new else logging.DEBUG, "The answer cache cannot be %s: %s", what, error)


class CachingAdapter(LimitedAdapter):
    """Keeps the answers to GETs as *policy* says. A response has `from_cache` where its body is a kept one."""

    def __init__(self, policy: CachePolicy, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._policy = policy
        self._files = AnswerFiles(policy.folder)
        with contextlib.suppress(OSError):  # the first answer that cannot be written warns of it
            files.make_private_folder(policy.folder)
        delete_old(policy.folder, policy.now().timestamp())

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        url = request.url or ""
        if request.method != "GET":
            return super().send(request, *args, **kwargs)
        kept, date = self._files.load(url) or (None, datetime.min.replace(tzinfo=UTC))
        # The distance and not the age counts: an answer dated ahead was kept while a clock was wrong, and would
        # otherwise be young until that day comes.
        if kept and abs(self._policy.now() - date) < self._policy.max_age:
            return self._make_response(request, kept)
        if kept and kept.etag:
            request.headers["If-None-Match"] = kept.etag
        response = super().send(request, *args, **kwargs)
        date = parse_http_date(response.headers.get("Date")) or self._policy.now()
        if kept and response.status_code == 304:
            _end_empty(response)
            self._files.renew(url, date)
            return self._make_response(request, kept, {"Date": response.headers.get("Date", "")})
        if response.status_code == 200:
            self._keep(url, response, date)
        return response

    def _make_response(
        self, request: PreparedRequest, kept: KeptAnswer, newer: dict[str, str] | None = None
    ) -> Response:
        response = self.build_response(request, kept.make_raw())
        response.headers.update(newer or {})
        response.from_cache = True  # type: ignore[attr-defined]
        return response

    def _keep(self, url: str, response: Response, date: datetime) -> None:
        """Read the body of *response*, and keep it unless the server forbids that."""
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers = {name: value for name, value in headers.items() if name not in LEFT_OUT}
        answer = KeptAnswer(headers, _read_packed(response.raw))
        response.raw = answer.make_raw()
        if is_page(response.headers, answer.read_beginning()):
            return  # a page for people, from Cloudflare or a hotel's network: what is kept is better
        if "no-store" in headers.get("cache-control", "").lower() or headers.get("vary") == "*":
            self._files.delete(url)
        else:
            self._files.save(url, answer, date)


def parse_kept_answer(octets: bytes) -> tuple[KeptAnswer, datetime] | None:
    """Return the answer in *octets* and its date, None where they are damaged or of another form."""
    date, size = octets[len(FORM) : HEAD - 11], octets[HEAD - 11 : HEAD]
    if not octets.startswith(FORM) or size != NUMBER % len(octets):
        return None
    try:
        answer = msgspec.msgpack.decode(memoryview(octets)[HEAD:], type=KeptAnswer)
        return answer, datetime.fromtimestamp(int(date), UTC)
    except (ValueError, OverflowError) as error:
        log.debug("A kept answer is damaged: %s", error)
        return None


def read_cached_bodies(folder: Path) -> Iterator[bytes]:
    """Return the bodies of all answers that are kept in *folder*, whatever was asked; damaged ones are skipped."""
    for path in _list_files(folder):
        try:
            found = parse_kept_answer(path.read_bytes()) if path.is_file() else None
            body = found[0].make_raw().read(decode_content=True) if found else b""
        except (OSError, HTTPError) as error:
            log.debug("%s is skipped: %s", path, error)
            continue
        if body:
            yield body


def delete_old(folder: Path, now: float) -> None:
    """Delete what *folder* has no use for at *now*, in seconds since 1970.

    That is: answers that were not used for a lifetime, and folders that are empty.
    """
    for path in reversed(_list_files(folder)):  # what is in a folder before the folder itself
        try:
            age = now - path.stat().st_mtime
            if path.is_dir():
                with contextlib.suppress(OSError):  # it is not empty
                    path.rmdir()
            elif age > LIFETIME:
                path.unlink()
        except OSError as error:
            log.debug("Not deleted from the answer cache: %s", error)


def delete_abandoned(root: Path, now: float) -> None:
    """Delete the folders in *root* of accounts that nobody asked for in a lifetime before *now*, seconds since 1970."""
    for folder in _list_folders(root):
        with contextlib.suppress(OSError):  # another run deleted it, or it is not empty
            # An account that is in use gets new files each day: the files of all the others need not be looked at.
            if now - folder.stat().st_mtime > LIFETIME:
                delete_old(folder, now)
                folder.rmdir()


def _list_folders(root: Path) -> list[Path]:
    try:
        return [path for path in root.iterdir() if path.is_dir()]
    except FileNotFoundError:  # nothing was kept yet
        return []
    except OSError as error:
        log.debug("The answer cache cannot be listed: %s", error)
        return []


def _list_files(folder: Path) -> list[Path]:
    """Return all that is in *folder*, each folder before what is in it; nothing where it cannot be read."""
    try:
        return sorted(folder.rglob("*"))
    except OSError as error:
        log.debug("The answer cache cannot be listed: %s", error)
        return []


def _date_file(path: Path, date: datetime) -> None:
    """Give the file the *date* of its answer: to see how old it is, nobody must open it."""
    seconds = max(0, int(date.timestamp()))
    with contextlib.suppress(OSError, OverflowError):  # another user's file: it is as old as its content
        os.utime(path, (seconds, seconds))


def _format_date(date: datetime) -> bytes:
    return NUMBER % max(0, int(date.timestamp()))


def _end_empty(response: Response) -> None:
    """End *response*, a 304, so that its connection can be used again where that is possible."""
    if response.raw.chunked:  # how a body would have been sent, RFC 9112 §6.1: urllib3 would wait for one
        response.close()
    else:
        response.content  # noqa: B018  only what was read to its end, though empty, leaves the connection free


def _read_packed(raw: HTTPResponse) -> bytes:
    """Return the body of *raw* as it comes. What goes wrong is raised as `requests` raises it."""
    body = bytearray()
    try:
        for part in raw.stream(PART, decode_content=False):
            body += part
            if len(body) > LARGEST:
                raw.close()
                raise BrokenAnswer(f"Trakt's answer is larger than {LARGEST // 2**20} MB.")
    except ProtocolError as error:
        raise ChunkedEncodingError(error) from error
    except ReadTimeoutError as error:
        raise ConnectionError(error) from error
    return bytes(body)

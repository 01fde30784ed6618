"""The answer cache: GET answers with their ETag, one folder for each account, which may be deleted at any time.

CacheControl keeps and revalidates them. This module adds what it does not survive by itself (damaged files, a full
disk, a `Date` that is no date), and decides by our own clock which answer is young enough to be used as it is.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
from cachecontrol import CacheControlAdapter
from cachecontrol.cache import BaseCache
from cachecontrol.controller import CacheController
from cachecontrol.heuristics import BaseHeuristic
from cachecontrol.serialize import Serializer
from requests import PreparedRequest
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from trakt_ical import files
from trakt_ical.http import parse_http_date
from trakt_ical.trakt.transport import LimitedAdapter

log = logging.getLogger(__name__)

FORM = f"cc={Serializer.serde_version},".encode()  # how a kept answer begins
# Addresses name days, so an answer is never asked for again once its days have left the range. The rest is used in
# each run, and someone who exports once a month still finds it.
LIFETIME = 40 * 86400  # seconds since the last use
SECRET_FIELDS = ("authorization", "trakt-api-key", "cookie")


class CachePolicy(msgspec.Struct, frozen=True):
    """Where the answers to one account are kept; while they are younger than *max_age* they are not asked for again."""

    folder: Path
    max_age: timedelta
    now: Callable[[], datetime]


def make_adapter(policy: CachePolicy, **kwargs: Any) -> CacheControlAdapter:
    """Return an adapter for a session of `requests` that keeps answers as *policy* says."""
    folder = policy.folder
    with contextlib.suppress(OSError):  # the first answer that cannot be written warns of it
        files.make_private_folder(folder)
    _use_for_temporary_files(folder)
    delete_old(folder, time.time())
    return _Adapter(
        cache=AnswerFiles(folder),
        controller_class=functools.partial(_Controller, policy, status_codes=(200,)),  # type: ignore[arg-type]
        heuristic=_KeepWithoutETag(),
        **kwargs,
    )


def _use_for_temporary_files(folder: Path) -> None:
    """Let *folder* hold temporary files where the system has no place for them, as in a container that is read-only.

    CacheControl buffers each answer in one.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = os.fspath(folder)


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


def read_cached_bodies(folder: Path) -> Iterator[bytes]:
    """Return the bodies of all answers that are kept in *folder*, whatever was asked; damaged ones are skipped."""
    for path in _list_files(folder):
        try:
            octets = path.read_bytes() if path.is_file() else b""
            answer = _AnyRequestSerializer().loads(PreparedRequest(), octets) if octets.startswith(FORM) else None
            body = answer.read(decode_content=True) if answer else b""
        except (OSError, ValueError, HTTPError) as error:
            log.debug("%s is skipped: %s", path, error)
            continue
        if body:
            yield body


def _list_files(folder: Path) -> list[Path]:
    """Return all that is in *folder*, each folder before what is in it; nothing where it cannot be read."""
    try:
        return sorted(folder.rglob("*"))
    except OSError as error:
        log.debug("The answer cache cannot be listed: %s", error)
        return []


class _AnyRequestSerializer(Serializer):
    """Reads an answer without comparing the headers of the request that it is the answer to.

    Shell completion has no request: it only looks for titles in whatever is there.
    """

    def prepare_response(
        self, request: PreparedRequest, cached: Mapping[str, Any], body_file: IO[bytes] | None = None
    ) -> HTTPResponse | None:
        return super().prepare_response(request, {**cached, "vary": {}}, body_file)


class AnswerFiles(BaseCache):
    """One file for each answer. A cache that fails is a cache that is empty: it must never cost an answer.

    CacheControl's own files take five folders and a lock each, and nothing ever removes those.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._has_warned = False

    def get(self, key: str) -> bytes | None:
        try:
            return self._find_path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn("read", error)
            return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:  # noqa: ARG002
        path = self._find_path(key)
        try:
            # Somebody may empty the cache while it is used.
            files.make_private_folder(self._folder)
            # In place, not by a temporary file that a kill would leave: half an answer is no msgpack, and so as good as
            # none, for whoever reads it now and after a power cut.
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(value)
        except OSError as error:
            self._warn("written", error)
            self.delete(key)

    def delete(self, key: str) -> None:
        with contextlib.suppress(OSError):
            self._find_path(key).unlink()

    def _find_path(self, key: str) -> Path:
        return self._folder / hashlib.sha224(key.encode()).hexdigest()

    def _warn(self, what: str, error: OSError) -> None:
        """Warn once: each of many answers would meet the same fault."""
        log.log(
            logging.DEBUG if self._has_warned else logging.WARNING, "The answer cache cannot be %s: %s", what, error
        )
        self._has_warned = True


class _Controller(CacheController):
    """Decides by our own clock which kept answer is young enough."""

    def __init__(self, policy: CachePolicy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._policy = policy

    def cached_request(self, request: PreparedRequest) -> HTTPResponse | Literal[False]:
        if not self._policy.max_age:
            return False
        kept = self._load_from_cache(request)
        date = parse_http_date(kept.headers.get("Date")) if kept else None
        # The distance and not the age counts: an answer dated ahead was kept while a clock was wrong, and would
        # otherwise be young until that day comes.
        is_young = date is not None and abs(self._policy.now() - date) < self._policy.max_age
        return kept if kept is not None and is_young else False


class _KeepWithoutETag(BaseHeuristic):
    """Lets answers without an ETag be kept, such as all of API v1's: CacheControl would drop them.

    They cannot be revalidated, but they can be used while they are young.
    """

    def update_headers(self, response: HTTPResponse) -> dict[str, str]:
        return {} if "etag" in response.headers else {"Cache-Control": f"max-age={LIFETIME}"}

    def warning(self, response: HTTPResponse) -> str | None:  # noqa: ARG002  the library's signature
        return None


class _Adapter(CacheControlAdapter, LimitedAdapter):
    def build_response(self, request: Any, response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        # CacheControl asserts that dates can be read, and would crash the run. Expires is not looked at here anyway.
        response.headers.pop("Expires", None)
        if parse_http_date(response.headers.get("Date")) is None:
            response.headers.pop("Date", None)
        # With an answer that varies by a field CacheControl keeps the request's field: here that is the token. The
        # folder is for one account alone, so that nothing is lost without it.
        varies = [name.strip() for name in response.headers.get("Vary", "").split(",")]
        if any(name.lower() in SECRET_FIELDS for name in varies):
            response.headers["Vary"] = ", ".join(name for name in varies if name.lower() not in SECRET_FIELDS)
        return super().build_response(request, response, *args, **kwargs)

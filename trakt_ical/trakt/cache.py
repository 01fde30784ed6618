"""The answer cache: GET answers with their ETag, one folder an account, deletable at any time.

CacheControl keeps and revalidates them; here is what it must survive: damaged files, a full
disk, a `Date` that is none.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Literal

from cachecontrol import CacheControlAdapter
from cachecontrol.caches import FileCache
from cachecontrol.controller import CacheController
from cachecontrol.heuristics import BaseHeuristic
from cachecontrol.serialize import Serializer
from requests import PreparedRequest
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

from trakt_ical.http import parse_http_date

log = logging.getLogger(__name__)

FORM = f"cc={Serializer.serde_version},".encode()  # how a kept answer begins
KEPT = 40 * 86400  # seconds after its last use; longer than one range of a calendar stays the same


@dataclass(frozen=True)
class CachePolicy:
    """Where the answers to one account are kept; while they are younger than *max_age* they are not asked for again."""

    folder: Path
    max_age: timedelta
    now: Callable[[], datetime]


def make_adapter(keep: CachePolicy, **kwargs: Any) -> CacheControlAdapter:
    """An adapter for a session of `requests` that keeps answers as *keep* says."""
    folder = keep.folder
    with contextlib.suppress(OSError):  # told where an answer is to be written
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    delete_old(folder, time.time())
    return _Adapter(
        cache=AnswerFiles(folder),
        controller_class=functools.partial(_Controller, keep, status_codes=(200,)),  # type: ignore[arg-type]
        heuristic=_KeepWithoutETag(),
        **kwargs,
    )


def delete_old(folder: Path, now: float) -> None:
    """Delete what was not used for a while before *now*, in seconds since 1970."""
    for path in folder.rglob("*"):
        try:
            if path.is_file() and path.stat().st_mtime < now - KEPT:
                path.unlink()
        except OSError as error:
            log.debug("Not forgotten: %s", error)


def read_cached_bodies(folder: Path) -> Iterator[bytes]:
    """The bodies of all answers that are kept in *folder*, whatever was asked; damaged ones are passed over."""
    for path in sorted(folder.rglob("*")):
        try:
            octets = path.read_bytes() if path.is_file() else b""
            answer = _AnyRequestSerializer().loads(PreparedRequest(), octets) if octets.startswith(FORM) else None
            body = answer.read(decode_content=True) if answer else b""
        except (OSError, ValueError, HTTPError) as error:
            log.debug("%s is passed over: %s", path, error)
            continue
        if body:
            yield body


class _AnyRequestSerializer(Serializer):
    """Reads an answer without asking whether it is one to the same headers."""

    def prepare_response(
        self, request: PreparedRequest, cached: Mapping[str, Any], body_file: IO[bytes] | None = None
    ) -> HTTPResponse | None:
        return super().prepare_response(request, {**cached, "vary": {}}, body_file)


class AnswerFiles(FileCache):
    """Files of CacheControl; a cache that fails is a cache that is empty."""

    def get(self, key: str) -> bytes | None:
        try:
            return super().get(key)
        except OSError as error:
            log.warning("The answer cache cannot be read: %s", error)
            return None

    def set(self, key: str, value: bytes, expires: int | datetime | None = None) -> None:
        try:
            super().set(key, value, expires)
        except OSError as error:
            log.warning("The answer cache cannot be written: %s", error)


class _Controller(CacheController):
    """Decides by our own clock which kept answer is young enough."""

    def __init__(self, keep: CachePolicy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keep = keep

    def cached_request(self, request: PreparedRequest) -> HTTPResponse | Literal[False]:
        if not self._keep.max_age:
            return False
        kept = self._load_from_cache(request)
        given = parse_http_date(kept.headers.get("Date")) if kept else None
        young = given is not None and abs(self._keep.now() - given) < self._keep.max_age
        return kept if kept is not None and young else False


class _KeepWithoutETag(BaseHeuristic):
    """Lets answers be kept that have no ETag, as those of API v1 have none."""

    def update_headers(self, response: HTTPResponse) -> dict[str, str]:
        return {} if "etag" in response.headers else {"Cache-Control": f"max-age={KEPT}"}

    def warning(self, response: HTTPResponse) -> str | None:  # noqa: ARG002  the library's signature
        return None


class _Adapter(CacheControlAdapter):
    def build_response(self, request: Any, response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if parse_http_date(response.headers.get("Date")) is None:
            response.headers.pop("Date", None)  # CacheControl asserts that it can be read
        return super().build_response(request, response, *args, **kwargs)

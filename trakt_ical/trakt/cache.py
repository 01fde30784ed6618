"""The answer cache: GET answers with their ETag, one folder an account, deletable at any time.

CacheControl keeps and revalidates them; here is what it must survive: damaged files, a full
disk, a `Date` that is none.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from cachecontrol import CacheControlAdapter
from cachecontrol.caches import FileCache
from cachecontrol.controller import CacheController
from urllib3 import HTTPResponse

from trakt_ical.trakt.headers import http_date

log = logging.getLogger(__name__)

KEPT = 40 * 86400  # seconds after its last use; longer than one range of a calendar stays the same


def caching_adapter(folder: Path, **kwargs: Any) -> CacheControlAdapter:
    """An adapter for a session of `requests` that keeps answers in *folder*, for one account."""
    with contextlib.suppress(OSError):  # told where an answer is to be written
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    forget_old(folder, time.time())
    return _Adapter(
        cache=AnswerFiles(folder),
        controller_class=functools.partial(CacheController, status_codes=(200,)),  # type: ignore[arg-type]
        **kwargs,
    )


def forget_old(folder: Path, now: float) -> None:
    """Delete what was not used for a while before *now*, in seconds since 1970."""
    for path in folder.rglob("*"):
        try:
            if path.is_file() and path.stat().st_mtime < now - KEPT:
                path.unlink()
        except OSError as error:
            log.debug("Not forgotten: %s", error)


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


class _Adapter(CacheControlAdapter):
    def build_response(self, request: Any, response: HTTPResponse, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        if http_date(response.headers.get("Date")) is None:
            response.headers.pop("Date", None)  # CacheControl asserts that it can be read
        return super().build_response(request, response, *args, **kwargs)

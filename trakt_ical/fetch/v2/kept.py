"""What is kept of Trakt's answers beside the answer cache, in its folder: deletable at any time."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeVar

import msgspec

from trakt_ical import atomic
from trakt_ical.decoding import decode

log = logging.getLogger(__name__)

T = TypeVar("T")


def load(path: Path, form: type[T]) -> T | None:
    """What is kept at *path*, None where there is nothing of that *form*."""
    try:
        return decode(path.read_bytes(), form)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        log.debug("%s is asked for anew: %s", path, error)
        return None


def save(path: Path, value: object) -> None:
    """Keep *value* at *path*; where that fails, a warning is all it costs."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        atomic.write_whole(path, msgspec.json.encode(value), mode=0o600)
    except OSError as error:
        log.warning("%s cannot be kept: %s.", path, error.strerror)

"""JSON as typed values, safe where threads meet: two that first decode a struct at once would crash msgspec (0.22)."""

from __future__ import annotations

import functools
import threading
from typing import TypeVar

import msgspec

T = TypeVar("T")

_BUILDING = threading.Lock()


def decode(octets: bytes | bytearray, form: type[T]) -> T:
    """*octets* as *form*. Raises msgspec.DecodeError or UnicodeDecodeError."""
    with _BUILDING:
        decoder: msgspec.json.Decoder[T] = _built(form)  # type: ignore[arg-type]  # a type can be hashed
    return decoder.decode(octets)


@functools.cache
def _built(form: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(form)

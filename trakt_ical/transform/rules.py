"""The rules that decide how what airs is shown; `config` fills them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """*default_runtime* stands in where Trakt knows no runtime; without *spoilers* no overview is shown."""

    default_runtime: timedelta = timedelta(minutes=45)
    spoilers: bool = True

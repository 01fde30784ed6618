"""Season and number of an episode as people write them: `2x03`, `s02e03`."""

from __future__ import annotations

import re

_CODE = re.compile(r"(?:(.*)\s)?(?:s(\d{1,4})e(\d{1,5})|(\d{1,4})x(\d{1,5}))", re.I | re.S)


def parted(text: str) -> tuple[str, tuple[int, int] | None]:
    """What stands in *text* before the code at its end, and its season and number; None where it ends in none."""
    found = _CODE.fullmatch(text.strip())
    if found is None:
        return text.strip(), None
    season, number = (int(digits) for digits in found.groups()[1:] if digits is not None)
    return (found[1] or "").strip(), (season, number)

"""Season and number of an episode as people write them: `2x03`, `s02e03`."""

from __future__ import annotations

import enum
import re

from trakt_ical.model import Episode

ANIME = frozenset({"anime"})
_CODE = re.compile(r"(?:(.*)\s)?(?:s(\d{1,4})e(\d{1,5})|(\d{1,4})x(\d{1,5}))", re.I | re.S)


class CodeStyle(enum.Enum):
    """How season and number of an episode are written."""

    SHORT = "2x03"
    LONG = "S02E03"
    ABSOLUTE = "absolute"  # anime, counted through all seasons, where Trakt knows it; else short


def format_code(episode: Episode, style: CodeStyle) -> str:
    """Return season and number of *episode*: `2x03`, `S02E03`, or `27` of an anime."""
    match style:
        case CodeStyle.ABSOLUTE if episode.absolute and ANIME.intersection(map(str.casefold, episode.show.genres)):
            return str(episode.absolute)
        case CodeStyle.LONG:
            return f"S{episode.season:02d}E{episode.number:02d}"
        case _:
            return f"{episode.season}x{episode.number:02d}"


def split_code(text: str) -> tuple[str, tuple[int, int] | None]:
    """Split *text* into a title and the season and number at its end, None where it ends in no code."""
    found = _CODE.fullmatch(text.strip())
    if found is None:
        return text.strip(), None
    season, number = (int(digits) for digits in found.groups()[1:] if digits is not None)
    return (found[1] or "").strip(), (season, number)

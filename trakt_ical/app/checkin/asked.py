"""What somebody asks to check in to, as they write it: `severance 2x03`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from trakt_ical.transform.codes import parted


@dataclass(frozen=True, slots=True)
class Place:
    """An episode of a show: by *season* and *number*, or by *absolute*, counted through all seasons."""

    season: int | None = None
    number: int | None = None
    absolute: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A show or *movie*, by *words* or by its *number* at *id_type*, and an episode of it: the next one if not said.

    Without words or number it is what is on now.
    """

    words: str = ""
    place: Place | None = None
    movie: bool = False
    id_type: str = ""
    number: str = ""

    @property
    def names_something(self) -> bool:
        """Whether it is anything but what is on now."""
        return bool(self.words or self.number)


def parse(words: Sequence[str]) -> tuple[str, Place | None]:
    """The title in *words*, and the place after it: `2x03`, `s02e03`, `special 4`, `absolute 27`, `next`."""
    parts = " ".join(words).split()
    title, code = parted(" ".join(parts))
    if code:
        return title, Place(*code)
    if len(parts) >= 2 and re.fullmatch(r"[0-9]{1,5}", parts[-1]):
        match parts[-2].lower():
            case "special":
                return " ".join(parts[:-2]), Place(0, int(parts[-1]))
            case "absolute":
                return " ".join(parts[:-2]), Place(absolute=int(parts[-1]))
    if len(parts) >= 2 and parts[-1].lower() == "next":
        return " ".join(parts[:-1]), None
    return " ".join(parts), None

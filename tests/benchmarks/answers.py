"""Answers of a calendar of invented shows, in the shape that API v2 gives them with `extended=full`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

OVERVIEW = 300  # characters
PLAIN_WORDS = ("harbour", "lantern", "orchard", "signal", "winter", "copper", "meadow", "ferry", "archive", "violet")
OTHER_WORDS = ("Öresund", "lumière", "señal", "зимний", "μελάνι", "灯台", "smørrebrød", "łąka", "façade", "Straße")
WORLD = {"network": "Harbour One", "country": "gb", "zone": "Europe/London"}


@dataclass(frozen=True)
class Listing:
    """*entries* airings, evenly over *days* from *first* on; of every second one no text is ASCII alone.

    With *ascii_only* all texts are ASCII. None airs on the hour, which might stand for "no hour known". One in
    *changed* bears another title than without it.
    """

    first: date
    days: int
    entries: int
    ascii_only: bool = False
    changed: int = 0

    def make_body(self, first: date, days: int) -> bytes:
        """The answer for *days* from *first* on, written without blanks as Trakt does."""
        return json.dumps(self.list_entries(first, days), ensure_ascii=False, separators=(",", ":")).encode()

    def list_entries(self, first: date, days: int) -> list[dict[str, Any]]:
        """The entries of *days* from *first* on."""
        return [
            self._entry(position) for position in range(self.entries) if 0 <= (self._day(position) - first).days < days
        ]

    def _day(self, position: int) -> date:
        return self.first + timedelta(days=position * self.days // self.entries)

    def _entry(self, position: int) -> dict[str, Any]:
        shows = max(1, self.entries // 10)
        starts = f"{datetime.combine(self._day(position), time(position % 24, 30)).isoformat()}.000Z"
        words = PLAIN_WORDS if self.ascii_only or position % 2 else OTHER_WORDS
        episode = make_episode(position, shows, starts, words)
        if self.changed and position % self.changed == 0:
            episode["title"] += " again"
        return {"first_aired": starts, "episode": episode, "show": make_show(1 + position % shows, words)}


def make_text(words: Sequence[str], start: int, length: int) -> str:
    """Exactly *length* characters of *words*, another text for another *start*."""
    chosen: list[str] = []
    while sum(map(len, chosen)) + len(chosen) <= length:
        chosen.append(words[(start + len(chosen) * (1 + start % 5)) % len(words)])
    return " ".join(chosen)[: length - 1].ljust(length - 1, ",") + "."


def make_show(number: int, words: Sequence[str]) -> dict[str, Any]:
    title = f"{words[number % len(words)]} {words[number * 7 % len(words)]} {number}".capitalize()
    return {
        "title": title,
        "year": 2026,
        "ids": {"trakt": number, "slug": f"show-{number}", "tvdb": 70_000 + number, "imdb": f"tt{800_000 + number}"},
        "tagline": None,
        "overview": make_text(words, number, OVERVIEW),
        "first_aired": "2026-01-05T21:30:00.000Z",
        "airs": {"day": "Monday", "time": "21:30", "timezone": WORLD["zone"]},
        "runtime": 45,
        "certification": "TV-14",
        "network": WORLD["network"],
        "country": WORLD["country"],
        "trailer": f"https://video.invalid/watch?v={number}",
        "homepage": f"https://shows.invalid/{number}",
        "status": "returning series",
        "rating": 7.5,
        "votes": 120,
        "comment_count": 3,
        "updated_at": "2026-01-05T12:00:00.000Z",
        "language": "en",
        "languages": ["en"],
        "available_translations": ["de", "en", "es", "fr", "it", "ja", "pl", "pt", "ru"],
        "genres": ["drama", "science-fiction"],
        "subgenres": [],
        "original_title": title,
        "images": {"poster": [f"images.invalid/shows/{number}/poster.webp"], "fanart": [], "banner": []},
    }


def make_episode(position: int, shows: int, starts: str, words: Sequence[str]) -> dict[str, Any]:
    title = f"{words[position % len(words)]} {words[position // 3 % len(words)]}".capitalize()
    return {
        "season": 1 + position // shows // 5,
        "number": 1 + position // shows % 5,
        "title": title,
        "ids": {"trakt": 500_000 + position, "tvdb": 900_000 + position, "imdb": None, "tmdb": 400_000 + position},
        "number_abs": None,
        "overview": make_text(words, position, OVERVIEW),
        "rating": 7.1,
        "votes": 12,
        "comment_count": 0,
        "first_aired": starts,
        "released": starts[:10],
        "effective_release_date": starts,
        "updated_at": "2026-01-05T12:00:00.000Z",
        "available_translations": ["de", "en", "fr"],
        "runtime": 45,
        "episode_type": "standard",
        "original_title": title,
        "after_credits": False,
        "during_credits": False,
        "images": {"screenshot": [f"images.invalid/episodes/{position}/screenshot.webp"]},
    }

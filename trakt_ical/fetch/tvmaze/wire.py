"""Answers of TVmaze as they come over the wire.

Contract: https://www.tvmaze.com/api. Only the fields in use are decoded: a schedule has twelve thousand episodes, each
with its whole show. What recorded answers leave null or out is optional here.
"""

from __future__ import annotations

import msgspec


class Country(msgspec.Struct):
    """A country by its two-letter *code*; *timezone* is an IANA name, one for each country."""

    code: str | None = None
    timezone: str | None = None


class Channel(msgspec.Struct):
    """A network or a web channel; one without a *country* is for the whole world."""

    name: str | None = None
    country: Country | None = None


class Externals(msgspec.Struct):
    """The numbers of a show elsewhere."""

    thetvdb: int | None = None
    imdb: str | None = None


class Rating(msgspec.Struct):
    """What everybody at TVmaze thinks of a show, from 1 to 10."""

    average: float | None = None


class ShowWire(msgspec.Struct, rename="camel"):
    """One show; runtimes in minutes, *premiered* a date, *updated* in seconds since 1970.

    It may have both a network and a web channel. `schedule.time` is left out on purpose: it is empty for shows whose
    episodes have hours, and differs from these for others.
    """

    id: int
    name: str | None = None
    language: str | None = None
    genres: list[str] | None = None
    runtime: int | None = None
    average_runtime: int | None = None
    premiered: str | None = None
    network: Channel | None = None
    web_channel: Channel | None = None
    externals: Externals | None = None
    rating: Rating | None = None
    updated: int = 0


class EpisodeWire(msgspec.Struct):
    """One episode; a special has no *number*.

    *airdate* is the day of the schedule, "" for none; *airtime* the hour there, "" where nobody knows it; *airstamp*
    the instant, which means nothing without an hour.
    """

    season: int | None = None
    number: int | None = None
    id: int | None = None
    url: str | None = None
    name: str | None = None
    airdate: str | None = None
    airtime: str | None = None
    airstamp: str | None = None
    runtime: int | None = None
    summary: str | None = None


class Embedded(msgspec.Struct):
    """What an entry of the schedule carries along."""

    show: ShowWire


class ScheduledEpisode(msgspec.Struct):
    """One entry of the schedule: only its show matters, its day, and whether it is a special (without a *number*)."""

    embedded: Embedded = msgspec.field(name="_embedded")
    number: int | None = None
    airdate: str | None = None

"""When an episode of API v2 airs: its `first_aired` is the instant.

Beside it, entries have `released`, a date of the country of release, and `effective_release_date`, which since spring
2026 is often only that date with noon put in. Of 213 episodes recorded from April to August 2026 it differed from
`first_aired` in 21, in 18 of them for that reason alone. These are American evening drops, whose date in UTC is the day
after: taken for the instant, it would put them at eight in the morning.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

from trakt_ical.fetch import zones
from trakt_ical.fetch.v2.wire import EpisodeEntry, ShowWire
from trakt_ical.model import Moment, StepRecorder, ignore_step, local_date
from trakt_ical.wording import format_clock

WESTERNMOST = timezone(-timedelta(hours=12))


class EpisodeDates(NamedTuple):
    """When an episode *starts*, and what `model.Episode` has beside that: *released* and *midnight*."""

    starts: Moment
    released: Moment | None
    midnight: datetime | None


class _Instant(NamedTuple):
    """What an instant of Trakt means, and the midnight that it was where it only means a date."""

    moment: Moment
    midnight: datetime | None = None


def find_dates(entry: EpisodeEntry, tell: StepRecorder = ignore_step) -> EpisodeDates:
    """Return the dates of *entry*; moments are dates where nobody knows the hour.

    Raises ValueError or OverflowError where it has no date, or one that is none.
    """
    episode, zone = entry.episode, _find_zone(entry.show)
    aired, effective, released = (
        entry.first_aired or episode.first_aired,
        episode.effective_release_date,
        episode.released,
    )
    tell("Trakt says: first_aired %s, effective_release_date %s, released %s.", aired, effective, released)
    if not aired:
        found = _find_release(entry, zone or UTC, tell)
        if found is None:
            raise ValueError("it has no date")
        return EpisodeDates(found.moment, None, found.midnight)
    found = _resolve_instant(aired, entry.show, zone or UTC, tell)
    # Nearly all entries say the same three times. Both texts begin with a date, and such texts are in its order.
    if effective in (None, aired) and (not released or released[:10] >= aired[:10]):
        return EpisodeDates(found.moment, None, found.midnight)
    return EpisodeDates(found.moment, _find_earlier_release(entry, found.moment, zone, tell), found.midnight)


def _find_earlier_release(
    entry: EpisodeEntry, starts: Moment, zone: tzinfo | None, tell: StepRecorder
) -> Moment | None:
    """Return when the episode of *entry* came out before it *starts*, None where it did not."""
    try:
        found = _find_release(entry, zone or UTC, ignore_step)
    except (ValueError, OverflowError):
        return None  # the airing is known, so an odd date beside it must not cost it
    if found is None:
        return None
    release = found.moment
    if isinstance(release, datetime) and isinstance(starts, datetime):
        is_earlier = release < starts
    else:
        # An evening drop is released on its own day by the show's clock. Where nobody knows that clock, it may be the
        # one farthest west. An hour is news also where only the day was known.
        day, release_day = local_date(starts, zone or WESTERNMOST), local_date(release, zone or UTC)
        is_earlier = release_day < day or (release_day == day and isinstance(release, datetime))
    if is_earlier:
        tell("It was released before that: %s. The setting dates says which of the two counts.", release)
    return release if is_earlier else None


def _find_release(entry: EpisodeEntry, zone: tzinfo, tell: StepRecorder) -> _Instant | None:
    """Return when the episode of *entry* was released: an instant only where somebody set the hour."""
    effective, released = entry.episode.effective_release_date, entry.episode.released
    day = date.fromisoformat(released[:10]) if released else None
    if effective and "T" in effective:
        instant = parse_instant(effective)
        placeholder = _find_placeholder_day(instant, zone, day)
        if placeholder is None:
            return _resolve_instant(effective, entry.show, zone, tell)
        tell("effective_release_date is a day with a placeholder for its hour, so the hour does not count.")
        day = day or placeholder
    elif effective:
        day = day or date.fromisoformat(effective)
    if day is not None:
        tell("Without first_aired, the day of its release counts: %s.", day)
    return None if day is None else _Instant(day)


def _find_placeholder_day(instant: datetime, zone: tzinfo, released: date | None) -> date | None:
    """Return the day that *instant* stands for where it is one with an hour put in, None where the hour is real.

    The hour put in is noon, of UTC or of the show's clock, or UTC's midnight where the show's clock has another day.
    """
    there = instant.astimezone(zone)
    for clock in (instant, there):
        if (clock.hour, clock.minute) == (12, 0):
            return clock.date()
    is_midnight = (instant.hour, instant.minute) == (0, 0)
    return released if is_midnight and instant.date() == released != there.date() else None


def _resolve_instant(value: str, show: ShowWire, zone: tzinfo, tell: StepRecorder) -> _Instant:
    """Return the moment that *value* says, a date where nobody knows the hour.

    Trakt makes an instant of a bare date by taking 00:00 in the show's own zone. So 00:00 there means that nobody
    knows the hour, unless the network really starts things at midnight. The date is the one in that zone: in UTC it
    may already be the next day.
    """
    if "T" not in value:
        tell("%s has no hour: the date counts.", value)
        return _Instant(date.fromisoformat(value))
    instant = parse_instant(value)
    there = instant.astimezone(zone)
    if tell is not ignore_step:  # an export reads thousands of these, and needs no names of days
        tell("By the show's own clock (%s) that is %s.", zone, format_clock(there))
    if (there.hour, there.minute) != (0, 0):
        # Where summer time begins at midnight, that day has no 00:00. Trakt's bare date then becomes 01:00.
        if there.hour > 1 or instant != _first_moment(there.date(), zone):
            return _Instant(instant)
        tell("Summer time begins at midnight there: that day has no 00:00 and begins at 01:00.")
    reason = zones.find_midnight_reason(show.network)
    if reason:
        tell(
            "00:00 is the real hour: %s is in the table of networks that start at midnight, since %s.",
            show.network,
            reason,
        )
        return _Instant(instant)
    tell("00:00 there means that Trakt does not know the hour: the date counts.")
    return _Instant(there.date(), instant)


def _first_moment(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of *day* in *zone*, 01:00 where summer time begins at midnight."""
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def parse_instant(value: str) -> datetime:
    """Return the instant that *value* says, to the second. Raises ValueError."""
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=0) if instant.microsecond else instant


def _find_zone(show: ShowWire) -> tzinfo | None:
    """Return the zone of *show*, None where nothing names one: then Trakt made its instant of a bare date in UTC."""
    named = zones.load_zone(show.airs.timezone, "Trakt") if show.airs and show.airs.timezone else None
    return named or zones.find_network_zone(show.network) or zones.find_country_zone(show.country)

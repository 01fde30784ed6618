"""When an episode of TVmaze airs: its `airstamp`, where its hour is known and both agree.

TVmaze has three fields. `airdate` is the day of the schedule: for a slot after midnight that is the day before.
`airtime` is the hour there, and empty where nobody knows it; `airstamp` is then noon in UTC and means nothing. Taken
for the instant, it puts a whole season of a streaming service at six in the morning.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trakt_ical.fetch.tvmaze.wire import Channel, EpisodeWire, ShowWire
from trakt_ical.fetch.zones import load_zone
from trakt_ical.model import Moment, StepRecorder, ignore_step
from trakt_ical.wording import format_clock


def find_moment(episode: EpisodeWire, show: ShowWire, tell: StepRecorder = ignore_step) -> Moment | None:
    """Return when *episode* of *show* airs, a date where nobody knows the hour, None where it has no date.

    Raises ValueError where its date is none.
    """
    day, hour, stamp = episode.airdate or "", episode.airtime or "", episode.airstamp
    tell('TVmaze says: airdate "%s", airtime "%s", airstamp %s.', day, hour, stamp)
    if not day:
        return None
    try:
        aired = date.fromisoformat(day)
    except ValueError as error:
        raise ValueError(f"airdate: {day!r} is no date") from error
    if not hour:
        tell("Without airtime nobody knows the hour, and airstamp means nothing: the date counts.")
        return aired
    instant, zone = _parse_stamp(stamp), find_zone(show)
    if instant is None:
        tell("airstamp is not an instant, so the date counts.")
        return aired
    if zone is None:
        tell("No country of its network or web channel has a time zone to check the hour by: the date counts.")
        return aired
    there = instant.astimezone(zone)
    tell("By the clock of its country (%s) airstamp is %s.", zone, format_clock(there))
    if there.replace(second=0).time() != _parse_hour(hour):
        tell("That is not the hour of airtime. One of the two is wrong, so the date counts.")
        return aired
    if there.date() - aired not in (timedelta(0), timedelta(days=1)):
        tell("That is neither the day of airdate nor the night after it. One of them is wrong, so the date counts.")
        return aired
    night = ", in the night after airdate, which is the day of the schedule" if there.date() != aired else ""
    tell("airtime and airstamp agree: airstamp is the instant%s.", night)
    return instant


def find_zone(show: ShowWire) -> ZoneInfo | None:
    """Return the zone by which the hours of *show* are checked: that of its network, else of its web channel."""
    for channel in list_channels(show):
        zone = load_zone(channel.country.timezone, "TVmaze") if channel.country and channel.country.timezone else None
        if zone is not None:
            return zone
    return None


def list_channels(show: ShowWire) -> list[Channel]:
    """Return where *show* is on, the network before the web channel."""
    return [channel for channel in (show.network, show.web_channel) if channel is not None]


def _parse_stamp(stamp: str | None) -> datetime | None:
    """Return the instant that *stamp* says, None where it says none."""
    try:
        instant = datetime.fromisoformat(stamp or "")
        return instant.astimezone(UTC).replace(microsecond=0) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _parse_hour(hour: str) -> time | None:
    """Return the hour that *hour* says, None where it says none: no clock shows that."""
    try:
        return time.fromisoformat(hour.strip().zfill(5)).replace(second=0)
    except ValueError:
        return None

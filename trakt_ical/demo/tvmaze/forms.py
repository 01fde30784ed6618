"""Shows and episodes in the JSON of TVmaze, as far as it is read, with what it knows otherwise than Trakt.

It has one time zone for each country, an empty hour where nobody knows the hour (and noon in UTC for the instant then),
the day before for what airs after midnight, no number for specials, no marks of finales, and nothing twice.
"""

from datetime import UTC, date, datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from trakt_ical.demo.airings import Airing, Catalogue
from trakt_ical.demo.cast import Show, make_slug
from trakt_ical.demo.messages import JSON

NUMBERS = 60_000  # added to a show's number at Trakt
NIGHT_ENDS = time(5)  # what airs before that belongs to the schedule of the day before
NOON = time(12)
WEB_CHANNELS = ("Netflix", "Hulu", "Disney+", "HBO Max", "Prime Video", "Apple TV+")
LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "is": "Icelandic",
    "ja": "Japanese",
    "no": "Norwegian",
    "sv": "Swedish",
}


def find_number(show: Show) -> int:
    """The number of *show* at TVmaze."""
    return NUMBERS + show.trakt


def find_changed_at(catalogue: Catalogue, show: Show, now: datetime) -> int:
    """When *show* or one of its episodes changed last, in seconds since 1970."""
    episodes = (each.updated_at for its in catalogue.list_seasons(show).values() for each in its)
    times = [*episodes, *catalogue.list_change_times(show)]
    return int(max((each for each in times if each <= now), default=now - timedelta(days=365)).timestamp())


def list_regular(catalogue: Catalogue, show: Show) -> list[Airing]:
    """The episodes of *show* that have a number, in the order of airing."""
    listed = [each for season, its in catalogue.list_seasons(show).items() if season for each in its]
    return sorted(listed, key=lambda each: each.at)


def make_show(show: Show, changed_at: int) -> JSON:
    """A show."""
    first = show.airs.first().wall.date() if show.airs else None
    channel, is_web = _make_channel(show), show.network in WEB_CHANNELS
    return {
        "id": find_number(show),
        "name": show.title,
        "language": LANGUAGES.get(show.language or "", show.language),
        "genres": ["-".join(word.capitalize() for word in genre.split("-")) for genre in show.genres],
        "runtime": show.runtime or None,
        "averageRuntime": show.runtime or None,
        "premiered": first and first.isoformat(),
        "rating": {"average": show.rating or None},
        "network": None if is_web else channel,
        "webChannel": channel if is_web else None,
        "externals": {"thetvdb": show.tvdb, "imdb": show.imdb},
        "updated": changed_at,
    }


def make_episode(airing: Airing) -> JSON:
    """An episode, without its show."""
    code = f"{airing.season}x{airing.number:02d}"
    return {
        "id": airing.trakt,
        "url": f"https://www.tvmaze.com/episodes/{airing.trakt}/{make_slug(airing.show.title)}-{code}",
        "name": airing.title,
        "season": airing.season or 1,
        "number": airing.number if airing.season else None,
        **_make_times(airing),
        "runtime": airing.runtime or None,
        "summary": _make_summary(airing.overview),
    }


def _make_times(airing: Airing) -> JSON:
    wall = airing.wall
    if airing.show.place.name is None or airing.show.network in WEB_CHANNELS or wall.time() == time(0):
        return _write_times(wall.date(), "", datetime.combine(wall.date(), NOON, UTC))
    there = airing.at.astimezone(ZoneInfo(_find_zone(airing.show)))
    day = there.date() - timedelta(days=1) if there.time() < NIGHT_ENDS else there.date()
    return _write_times(day, f"{there:%H:%M}", airing.at)


def _write_times(day: date, hour: str, at: datetime) -> JSON:
    return {"airdate": day.isoformat(), "airtime": hour, "airstamp": at.astimezone(UTC).isoformat(timespec="seconds")}


def _find_zone(show: Show) -> str:
    return show.place.tvmaze_zone or show.place.zone


def _make_channel(show: Show) -> JSON | None:
    if show.network is None:
        return None
    name, code = show.place.name, (show.country or "").upper()
    country = {"name": name, "code": code, "timezone": _find_zone(show)} if name else None
    return {"name": show.network, "country": country}


def _make_summary(text: str | None) -> str | None:
    return f"<p>{escape(text, quote=False)}</p>" if text else text

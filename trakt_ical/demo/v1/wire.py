"""Shows and episodes in the JSON of API v1, in its two forms.

Every `first_aired` is a wall clock written as if it stood in Los Angeles: in the form of 2011 the
midnight that begins the day, in the form of 2014 the hour of the show's own zone.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import Show
from trakt_ical.demo.v1.countries import country_name, country_zone

JSON = dict[str, Any]
SERVER = ZoneInfo("America/Los_Angeles")
UNKNOWN_HOUR = "12:00am"
UNKNOWN_YEAR = 1969  # what 0 comes to in Los Angeles
UNKNOWN = datetime(1969, 12, 31, 16)  # noqa: DTZ001 - the same as a wall clock
MORNING = time(6)  # broadcasters list what airs before then under the day before


def listed_on(airing: Airing) -> date:
    """The day a calendar lists an episode under."""
    return _tv_day(airing.wall) if not airing.show.iso else airing.wall.date()


def first_wall(show: Show) -> datetime:
    """The clock of a show when it first airs; what 0 comes to when it never does."""
    return show.timetable.first().wall if show.timetable else UNKNOWN


def show_json(show: Show, wall: datetime) -> JSON:
    """A show as calendars give it, with the slot of an episode that airs at *wall*."""
    first = first_wall(show)
    return {
        "title": show.title,
        "year": show.year or UNKNOWN_YEAR,
        "url": f"http://trakt.tv/show/{show.slug}",
        "first_aired": 0 if show.year is None else _marker(show, first),
        **(_instants(show, first) if show.iso else {}),
        "country": country_name(show.country),
        "overview": show.overview or "",
        "runtime": show.runtime or 0,
        "network": show.network or "",
        **_slot(show, wall),
        "certification": show.certification or "",
        "imdb_id": show.imdb or "",
        **show_ids(show),
        "images": images(show.trakt, "poster", "fanart", "banner"),
        **({"ratings": ratings(40)} if show.iso else {}),
        "genres": genre_names(show.genres),
    }


def episode_json(airing: Airing) -> JSON:
    """An episode. It has no id of its own in this API."""
    show = airing.show
    forgotten = airing.number in show.forgotten and airing.season > 0
    return {
        "season": airing.season,
        "number": airing.number,
        "title": airing.title or "",
        "overview": airing.overview or "",
        "url": episode_url(airing),
        "first_aired": 0 if forgotten else _marker(show, airing.wall),
        **(_instants(show, airing.wall) if show.iso else {}),
        "images": {"screen": screen(airing)},
        **({"ratings": ratings(4)} if show.iso else {}),
    }


def show_ids(show: Show) -> JSON:
    """Numbers in the form of 2014, strings before; a show nobody has numbered is 0."""
    ids = {"tvdb_id": show.tvdb or 0, "tvrage_id": show.trakt + 20_000 if show.tvdb else 0}
    return dict(ids) if show.iso else {name: str(number) for name, number in ids.items()}


def episode_url(airing: Airing) -> str:
    """The page of an episode; specials have a folder of their own."""
    season = f"season/{airing.season}" if airing.season else "specials"
    return f"http://trakt.tv/show/{airing.show.slug}/{season}/episode/{airing.number}"


def ratings(votes: int) -> JSON:
    """What others think, by so many votes."""
    return {"percentage": 75, "votes": votes, "loved": votes * 3 // 4, "hated": votes // 4}


def genre_names(genres: tuple[str, ...]) -> list[str]:
    """Genres as API v1 writes them; none is one without a name."""
    return [genre.replace("-", " ").title() for genre in genres] or [""]


def images(number: int, *kinds: str) -> JSON:
    """The addresses of pictures."""
    return {kind: f"http://trakt.us/images/{kind}s/{number}.jpg" for kind in kinds}


def midnight(day: date) -> int:
    """A day without an hour: the midnight that begins it in Los Angeles."""
    return int(datetime.combine(day, time(), SERVER).timestamp())


def screen(airing: Airing) -> str:
    """The address of a picture of an episode."""
    return f"http://trakt.us/images/episodes/{airing.trakt}.jpg"


def _tv_day(wall: datetime) -> date:
    after_midnight = time(0) < wall.time() < MORNING
    return wall.date() - timedelta(days=int(after_midnight))


def _marker(show: Show, wall: datetime) -> int:
    return int(wall.replace(tzinfo=SERVER).timestamp()) if show.iso else midnight(_tv_day(wall))


def _instants(show: Show, wall: datetime) -> JSON:
    there = wall.replace(tzinfo=ZoneInfo(country_zone(show.country)))
    return {
        "first_aired_iso": there.isoformat(timespec="seconds"),
        "first_aired_localized": _marker(show, wall),
        "first_aired_utc": int(there.timestamp()),
    }


def _slot(show: Show, wall: datetime) -> JSON:
    """Day and hour. The fields named utc hold the hour in Los Angeles, as they always did."""
    told = show.airs_known and wall.time() != time(0)
    day, hour = (f"{wall:%A}", _clock(wall)) if told else ("", UNKNOWN_HOUR)
    if not show.iso:
        return {"air_day": day, "air_time": hour}
    server = wall.replace(tzinfo=ZoneInfo(country_zone(show.country))).astimezone(SERVER)
    return {
        "air_day": day,
        "air_day_localized": day,
        "air_day_utc": f"{server:%A}",
        "air_time": hour,
        "air_time_localized": hour,
        "air_time_utc": _clock(server),
    }


def _clock(wall: datetime) -> str:
    return f"{wall.hour % 12 or 12}:{wall:%M}{'am' if wall.hour < 12 else 'pm'}"

"""Shows, seasons, episodes and movies in the JSON of API v1, in its two forms.

Every `first_aired` is a wall clock written as if it stood in Los Angeles: in the form of 2011 the
midnight that begins the day, in the form of 2014 the hour of the show's own zone.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trakt_ical.demo.account import Account
from trakt_ical.demo.airings import Airing
from trakt_ical.demo.cast import Movie, Show
from trakt_ical.demo.messages import JSON

SERVER = ZoneInfo("America/Los_Angeles")
UNKNOWN_HOUR = "12:00am"
UNKNOWN_YEAR = 1969  # what 0 comes to in Los Angeles
UNKNOWN_WALL = datetime(1969, 12, 31, 16)  # noqa: DTZ001 - the same as a wall clock
MORNING = time(6)  # broadcasters list what airs before then under the day before
CHANGED_AT = 1_400_000_000  # when everything was last updated
LOVED = 6  # of ten; the least that is love and not hate


def find_listed_day(airing: Airing) -> date:
    """The day a calendar lists an episode under."""
    return airing.wall.date() if airing.show.iso else _find_tv_day(airing.wall)


def make_show(show: Show, wall: datetime | None = None) -> JSON:
    """A show as calendars give it, with the slot of an episode that airs at *wall*, or else of its first."""
    first = show.airs.first().wall if show.airs else UNKNOWN_WALL
    return {
        "title": show.title,
        "year": show.year or UNKNOWN_YEAR,
        "url": f"http://trakt.tv/show/{show.slug}",
        "first_aired": 0 if show.year is None else _make_marker(show, first),
        **(_make_instants(show, first) if show.iso else {}),
        "country": show.place.name,
        "overview": show.overview or "",
        "runtime": show.runtime or 0,
        "network": show.network or "",
        **_make_slot(show, wall or first),
        "certification": show.certification or "",
        "imdb_id": show.imdb or "",
        **_make_show_ids(show),
        "images": _make_images(show.trakt, "poster", "fanart", "banner"),
        **({"ratings": _make_ratings(40)} if show.iso else {}),
        "genres": _name_genres(show.genres),
    }


def make_found_show(show: Show) -> JSON:
    """A show as a search finds it: a day without an hour, whatever is known of it elsewhere."""
    ended = {"ended": show.airs is None} if show.iso else {}
    return {**make_show(replace(show, iso=False)), **_make_show_ids(show), **ended, "ratings": _make_ratings(40)}


def make_show_summary(show: Show, top: list[Airing]) -> JSON:
    """A show by itself, with its *top* episodes."""
    stats = ("scrobbles", "scrobbles_unique", "checkins", "checkins_unique", "collection", "collection_unique")
    return {
        **_drop_localized(make_show(show)),
        "status": "Continuing" if show.airs else "Ended",
        "last_updated": CHANGED_AT,
        "poster": _make_images(show.trakt, "poster")["poster"],
        "top_episodes": [_make_top_episode(airing, 90 - place) for place, airing in enumerate(top)],
        "ratings": _make_ratings(40),
        "stats": {"watchers": 90, "plays": 400, **dict.fromkeys(stats, 100)},
    }


def make_show_of_episode(show: Show) -> JSON:
    """A show beside one of its episodes."""
    fields = _drop_localized(make_show(show))
    return {name: value for name, value in fields.items() if name not in ("air_day_utc", "air_time_utc")}


def make_episode(airing: Airing) -> JSON:
    """An episode. It has no id of its own in calendars."""
    show = airing.show
    is_forgotten = airing.number in show.forgotten and airing.season > 0
    page = f"season/{airing.season}" if airing.season else "specials"
    return {
        "season": airing.season,
        "number": airing.number,
        "title": airing.title or "",
        "overview": airing.overview or "",
        "url": f"http://trakt.tv/show/{show.slug}/{page}/episode/{airing.number}",
        "first_aired": 0 if is_forgotten else _make_marker(show, airing.wall),
        **(_make_instants(show, airing.wall) if show.iso else {}),
        "images": _make_images(airing.trakt, "screen"),
        **({"ratings": _make_ratings(4)} if show.iso else {}),
    }


def make_single_episode(airing: Airing) -> JSON:
    """An episode by itself."""
    ids = {"tvdb_id": airing.ids["tvdb"] or 0, "imdb_id": airing.ids["imdb"] or ""}
    return {**_drop_localized(make_episode(airing)), **ids, "ratings": _make_ratings(4)}


def make_episode_of_season(airing: Airing) -> JSON:
    """An episode in the list of its season, which names its number twice."""
    fields = make_single_episode(airing)
    del fields["imdb_id"]
    return {**fields, "episode": airing.number, **_make_images(airing.trakt, "screen")}


def make_season(show: Show, number: int, episodes: int) -> JSON:
    """A season, without its episodes but for how many there are."""
    pictures = _make_images(show.trakt * 100 + number, "poster")
    page = f"season/{number}" if number else "specials"
    url = f"http://trakt.tv/show/{show.slug}/{page}"
    return {"season": number, "episodes": episodes, "url": url, **pictures, "images": pictures}


def make_movie(movie: Movie) -> JSON:
    """A movie; its year and day are those of its first release."""
    return {
        "title": movie.title,
        "year": movie.year or UNKNOWN_YEAR,
        "released": _make_midnight(movie.releases["movies"]),
        "url": f"http://trakt.tv/movie/{movie.slug}",
        **dict.fromkeys(("trailer", "tagline", "rt_id"), ""),
        "runtime": movie.runtime or 0,
        "overview": movie.overview or "",
        "certification": "PG-13" if movie.country == "us" else "",
        "imdb_id": movie.imdb or "",
        "tmdb_id": movie.tmdb or 0,
        "last_updated": CHANGED_AT,
        "images": _make_images(movie.trakt, "poster", "fanart"),
        "ratings": _make_ratings(20),
        "genres": _name_genres(movie.genres),
    }


def make_own_show(asking: Account | None, show: Show) -> JSON:
    """What a login adds to a show: the user's rating, and whether it is on the watchlist."""
    if asking is None:
        return {}
    own = show.own_rating
    rating = ("love" if own >= LOVED else "hate") if own else False
    return {"rating": rating, "rating_advanced": own, "in_watchlist": asking.wants(show)}


def make_own_episode(asking: Account | None, airing: Airing) -> JSON:
    """What a login adds to an episode: how often it was watched; nobody rates episodes here."""
    if asking is None:
        return {}
    plays = len(asking.list_plays(airing))
    unrated = {"rating": False, "rating_advanced": 0, "in_collection": False}
    return {**unrated, "in_watchlist": asking.wants(airing), "plays": plays, "watched": plays > 0}


def _make_top_episode(airing: Airing, plays: int) -> JSON:
    fields = _drop_localized(make_episode(airing))
    without = {name: value for name, value in fields.items() if name not in ("overview", "images", "ratings")}
    return {"plays": plays, **without}


def _make_show_ids(show: Show) -> JSON:
    """Numbers in the form of 2014, strings before; a show nobody has numbered is 0."""
    ids = {"tvdb_id": show.tvdb or 0, "tvrage_id": show.trakt + 20_000 if show.tvdb else 0}
    return dict(ids) if show.iso else {name: str(number) for name, number in ids.items()}


def _make_ratings(votes: int) -> JSON:
    return {"percentage": 75, "votes": votes, "loved": votes * 3 // 4, "hated": votes // 4}


def _name_genres(genres: Iterable[str]) -> list[str]:
    """Genres as API v1 writes them; none is one without a name."""
    return [genre.replace("-", " ").title() for genre in genres] or [""]


def _make_images(number: int, *kinds: str) -> JSON:
    return {kind: f"http://trakt.us/images/{kind}s/{number}.jpg" for kind in kinds}


def _drop_localized(fields: JSON) -> JSON:
    """What is answered to whoever asks, without the user's own clock."""
    return {name: value for name, value in fields.items() if not name.endswith("_localized")}


def _make_midnight(day: date) -> int:
    """A day without an hour: the midnight that begins it in Los Angeles."""
    return int(datetime.combine(day, time(), SERVER).timestamp())


def _find_tv_day(wall: datetime) -> date:
    # 00:00 itself stands for "no hour known" and stays on its own day.
    is_late_night = time(0) < wall.time() < MORNING
    return wall.date() - timedelta(days=int(is_late_night))


def _make_marker(show: Show, wall: datetime) -> int:
    return int(wall.replace(tzinfo=SERVER).timestamp()) if show.iso else _make_midnight(_find_tv_day(wall))


def _make_instants(show: Show, wall: datetime) -> JSON:
    there = wall.replace(tzinfo=ZoneInfo(show.place.zone))
    instants = {"first_aired_iso": there.isoformat(timespec="seconds"), "first_aired_utc": int(there.timestamp())}
    return {**instants, "first_aired_localized": _make_marker(show, wall)}


def _make_slot(show: Show, wall: datetime) -> JSON:
    """Day and hour. The fields named utc hold the hour in Los Angeles, as they always did."""
    is_known = show.airs_known and wall.time() != time(0)
    day, hour = (f"{wall:%A}", _format_clock(wall)) if is_known else ("", UNKNOWN_HOUR)
    if not show.iso:
        return {"air_day": day, "air_time": hour}
    server = wall.replace(tzinfo=ZoneInfo(show.place.zone)).astimezone(SERVER)
    days = {"air_day": day, "air_day_localized": day, "air_day_utc": f"{server:%A}"}
    return {**days, "air_time": hour, "air_time_localized": hour, "air_time_utc": _format_clock(server)}


def _format_clock(wall: datetime) -> str:
    return f"{wall.hour % 12 or 12}:{wall:%M}{'am' if wall.hour < 12 else 'pm'}"

"""Shows, seasons, episodes and movies in the JSON that API v1 gives when it is asked about one of them."""

from dataclasses import replace

from trakt_ical.demo.airing import Airing
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v1.wire import (
    JSON,
    UNKNOWN_YEAR,
    episode_json,
    episode_url,
    first_wall,
    genre_names,
    images,
    midnight,
    ratings,
    screen,
    show_ids,
    show_json,
)

CHANGED = 1_400_000_000  # when everything was last updated
TOP = 8  # episodes in a summary
STATS = ("scrobbles", "scrobbles_unique", "checkins", "checkins_unique", "collection", "collection_unique")


def found_show_json(show: Show) -> JSON:
    """A show as a search finds it: a day without an hour, whatever is known of it elsewhere."""
    plain = show_json(replace(show, iso=False), first_wall(show))
    ended = {"ended": show.timetable is None} if show.iso else {}
    return {**plain, **show_ids(show), **ended, "ratings": ratings(40)}


def show_of_episode_json(show: Show) -> JSON:
    """A show beside one of its episodes."""
    return {
        name: value
        for name, value in _without_localized(show_json(show, first_wall(show))).items()
        if name not in ("air_day_utc", "air_time_utc")
    }


def show_summary_json(show: Show, seasons: dict[int, list[Airing]]) -> JSON:
    """A show, told at length."""
    regular = [airing for number, its in seasons.items() if number for airing in its]
    return {
        **_without_localized(show_json(show, first_wall(show))),
        "status": "Continuing" if show.timetable else "Ended",
        "last_updated": CHANGED,
        "poster": images(show.trakt, "poster")["poster"],
        "top_episodes": [_top_json(place, airing) for place, airing in enumerate(regular[:TOP])],
        "ratings": ratings(40),
        "stats": {"watchers": 90, "plays": 400, **dict.fromkeys(STATS, 100)},
    }


def season_json(show: Show, number: int, episodes: int) -> JSON:
    """A season, without its episodes but for how many there are."""
    pictures = images(show.trakt * 100 + number, "poster")
    page = f"season/{number}" if number else "specials"
    url = f"http://trakt.tv/show/{show.slug}/{page}"
    return {"season": number, "episodes": episodes, "url": url, **pictures, "images": pictures}


def episode_of_season_json(airing: Airing) -> JSON:
    """An episode in the list of its season, which names its number twice."""
    told = _without_localized(episode_json(airing))
    return {
        **told,
        "episode": airing.number,
        "tvdb_id": airing.tvdb or 0,
        "screen": screen(airing),
        "ratings": ratings(4),
    }


def episode_summary_json(airing: Airing) -> JSON:
    """An episode by itself."""
    told = _without_localized(episode_json(airing))
    return {**told, "tvdb_id": airing.tvdb or 0, "imdb_id": airing.imdb or "", "ratings": ratings(4)}


def movie_ids(movie: Movie) -> JSON:
    """What else a movie is known by."""
    return {"imdb_id": movie.imdb or "", "tmdb_id": movie.tmdb or 0}


def movie_json(movie: Movie) -> JSON:
    """A movie; its year and day are those of its first release."""
    return {
        "title": movie.title,
        "year": movie.year or UNKNOWN_YEAR,
        "released": midnight(movie.cinema),
        "url": f"http://trakt.tv/movie/{movie.slug}",
        "trailer": "",
        "runtime": movie.runtime or 0,
        "tagline": "",
        "overview": movie.overview or "",
        "certification": "PG-13" if movie.country == "us" else "",
        **movie_ids(movie),
        "rt_id": "",
        "last_updated": CHANGED,
        "images": images(movie.trakt, "poster", "fanart"),
        "ratings": ratings(20),
        "genres": genre_names(movie.genres),
    }


def _top_json(place: int, airing: Airing) -> JSON:
    told = _without_localized(episode_json(airing))
    kept = ("season", "number", "title", "first_aired", "first_aired_iso", "first_aired_utc")
    return {"plays": 90 - place, "url": episode_url(airing), **{name: told[name] for name in kept if name in told}}


def _without_localized(told: JSON) -> JSON:
    """What is told to whoever asks, without the user's own clock."""
    return {name: value for name, value in told.items() if not name.endswith("_localized")}

"""API v2's search: by words, by the exact title, by id."""

from collections.abc import Iterator

from trakt_ical.demo.answer import Answer, Seen, empty_answer, json_answer
from trakt_ical.demo.show import Movie, Show
from trakt_ical.demo.v2.find import ID_TYPES, episode_ids, movie_ids, ranked, show_ids
from trakt_ical.demo.v2.pages import pagination
from trakt_ical.demo.v2.wire import JSON, episode_json, movie_json, show_json, wants_full
from trakt_ical.demo.world import World

BEST = 1_157_451_471_441_102_800  # scores are 64-bit numbers nowadays
TYPES = ("movie", "show", "episode", "person", "list")


def by_words(world: World, seen: Seen, types: str) -> Answer:
    """Answer `GET /search/TYPES`."""
    return _by_title(world, seen, types, exact=False)


def exactly(world: World, seen: Seen, types: str) -> Answer:
    """Answer `GET /search/TYPES/exact`."""
    return _by_title(world, seen, types, exact=True)


def by_id(world: World, seen: Seen, id_type: str, wanted: str) -> Answer:
    """Answer `GET /search/ID_TYPE/WANTED`: an unknown id is an empty list."""
    if id_type == "slug" or id_type not in ID_TYPES:
        return empty_answer(404)
    types = seen.query.get("type", ",".join(TYPES)).split(",")
    full = wants_full(seen.query)
    found: list[JSON] = []
    if "show" in types:
        shows = (it for it in world.catalogue.shows() if _has(show_ids(it).get(id_type), wanted))
        found += [_result(show, full=full) for show in shows]
    if "movie" in types:
        movies = (it for it in world.catalogue.movies() if _has(movie_ids(it).get(id_type), wanted))
        found += [_result(movie, full=full) for movie in movies]
    if "episode" in types:
        found += _episodes(world, id_type, wanted, full=full)
    return json_answer(found, headers=_headers(len(found)))


def _by_title(world: World, seen: Seen, types: str, *, exact: bool) -> Answer:
    if not set(types.split(",")) <= set(TYPES):
        return empty_answer(404)
    words = seen.query.get("query", "").replace("\\", "")
    found = ranked(words, _candidates(world, types.split(",")))
    least = 3 if exact else 1
    full = wants_full(seen.query)
    results = [
        _result(each, full=full, score=BEST // 4 * rank - place)
        for place, (rank, each) in enumerate(found)
        if rank >= least
    ]
    return json_answer(results[:50], headers=_headers(len(results)))


def _candidates(world: World, types: list[str]) -> Iterator[Show | Movie]:
    if "movie" in types:
        yield from world.catalogue.movies()
    if "show" in types:
        yield from world.catalogue.shows()


def _result(found: Show | Movie, *, full: bool, score: int = BEST) -> JSON:
    if isinstance(found, Movie):
        return {"type": "movie", "score": score, "movie": movie_json(found, full=full)}
    return {"type": "show", "score": score, "show": show_json(found, full=full)}


def _episodes(world: World, id_type: str, wanted: str, *, full: bool) -> list[JSON]:
    return [
        {
            "type": "episode",
            "score": BEST,
            "episode": episode_json(airing, full=full),
            "show": show_json(airing.show, full=full),
        }
        for airing in world.catalogue.episodes()
        if _has(episode_ids(airing).get(id_type), wanted)
    ]


def _has(known: object, wanted: str) -> bool:
    return bool(known) and str(known) == wanted


def _headers(count: int) -> dict[str, str]:
    return {**pagination(1, 50, count), "Cache-Control": "public, max-age=1800"}

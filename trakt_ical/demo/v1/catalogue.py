"""API v1's calendar of a user, its search, and its seasons and episodes; and who may ask for them."""

import base64
import binascii
import hashlib
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from trakt_ical.demo.account import Account, Backend
from trakt_ical.demo.airings import ANSWERED_YEARS, Airing, find_by_ids, rank_titles
from trakt_ical.demo.auth import PASSWORDS
from trakt_ical.demo.cast import Show
from trakt_ical.demo.messages import JSON, Answer, Refusal, Request, make_json
from trakt_ical.demo.v1 import forms

DAYS = 7  # unless asked otherwise
MOST_DAYS = 3_660
MARGIN = timedelta(days=3)  # no listed day is farther from its instant
MOST_RESULTS = 30
TOP_EPISODES = 8  # in the summary of a show


def make_failure(error: str, status: int, **fields: object) -> Answer:
    """A refusal as API v1 words it."""
    return make_json({"status": "failure", "error": error, **fields}, status)


def read_fields(request: Request) -> dict[str, Any]:
    """The JSON object of a POST; empty when there is none."""
    try:
        fields = request.json() if request.body else {}
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def check_login(backend: Backend, request: Request) -> Account | None:
    """Return the account whose name and password the request carries; wrong ones are refused."""
    given = _read_credentials(request)
    if given is None:
        return None
    username, digest = given
    password = PASSWORDS.get(username)
    if password is None or digest != hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest():
        raise Refusal(make_failure("failed authentication", 401))
    return backend.accounts[username]


def find_account(backend: Backend, username: str, asking: Account | None) -> Account | None:
    """Return a user's account, None where only the user may see it and another is *asking*; refuse nobody's name."""
    account = backend.accounts.get(username)
    if account is None:
        raise Refusal(make_failure("user not found", 404))
    return None if account.is_protected and account is not asking else account


def list_calendar(backend: Backend, request: Request, username: str, start: str | None, days: str | None) -> Answer:
    """Answer `GET /user/calendar/shows.json/KEY/USERNAME/START/DAYS`, without empty days."""
    asking = check_login(backend, request)
    account = find_account(backend, username, asking)
    if account is None:
        return make_json([])
    airings = _list_airings(backend, account, *_read_range(backend, start, days))
    by_day = groupby(airings, forms.find_listed_day)
    # What was watched is told of who asks, whoever's calendar it is.
    listed = [{"date": str(day), "episodes": [_make_entry(asking, each) for each in its]} for day, its in by_day]
    return make_json(listed)


def search_shows(backend: Backend, _request: Request, words: str) -> Answer:
    """Answer `GET /search/shows.json/KEY/WORDS`."""
    found = rank_titles(words.replace("+", " "), backend.catalogue.list_shows())
    return make_json([forms.make_found_show(show) for _, show in found[:MOST_RESULTS]])


def search_movies(backend: Backend, _request: Request, words: str) -> Answer:
    """Answer `GET /search/movies.json/KEY/WORDS`."""
    found = rank_titles(words.replace("+", " "), backend.catalogue.list_movies())
    return make_json([forms.make_movie(movie) for _, movie in found[:MOST_RESULTS]])


def show_summary(backend: Backend, _request: Request, title: str) -> Answer:
    """Answer `GET /show/summary.json/KEY/TITLE`."""
    show = _find_show(backend, title)
    regular = [each for number, its in backend.catalogue.list_seasons(show).items() if number for each in its]
    return make_json(forms.make_show_summary(show, regular[:TOP_EPISODES]))


def movie_summary(backend: Backend, _request: Request, title: str) -> Answer:
    """Answer `GET /movie/summary.json/KEY/TITLE`, where *title* is a slug, an IMDb or a TMDB id."""
    movie = find_by_ids(backend.catalogue.list_movies(), {"slug": title, "imdb": title, "tmdb": title})
    return make_failure("movie not found", 404) if movie is None else make_json(forms.make_movie(movie))


def list_seasons(backend: Backend, _request: Request, title: str) -> Answer:
    """Answer `GET /show/seasons.json/KEY/TITLE`, the last season first."""
    show = _find_show(backend, title)
    seasons = sorted(backend.catalogue.list_seasons(show).items(), reverse=True)
    return make_json([forms.make_season(show, number, len(its)) for number, its in seasons])


def list_season(backend: Backend, request: Request, title: str, season: str) -> Answer:
    """Answer `GET /show/season.json/KEY/TITLE/SEASON`; a season that does not exist has no episodes.

    With a login each episode says whether it was watched: programs of the time sent theirs and kept that.
    """
    its = _list_season(backend, _find_show(backend, title), season)
    asking = check_login(backend, request)
    return make_json([{**forms.make_episode_of_season(each), **forms.make_own_episode(asking, each)} for each in its])


def show_episode(backend: Backend, _request: Request, title: str, season: str, number: str) -> Answer:
    """Answer `GET /show/episode/summary.json/KEY/TITLE/SEASON/NUMBER`.

    A season that does not exist is a 404, a number that it lacks a 400.
    """
    show = _find_show(backend, title)
    its = _list_season(backend, show, season)
    airing = next((each for each in its if str(each.number) == number), None)
    if airing is None:
        return make_failure("episode not found", 400 if its else 404)
    return make_json({"show": forms.make_show_of_episode(show), "episode": forms.make_single_episode(airing)})


def _list_airings(backend: Backend, account: Account, first: date, days: int) -> list[Airing]:
    start, end = datetime.combine(first, time(), UTC), first + timedelta(days=days)
    around = backend.catalogue.list_airings(start - MARGIN, start + timedelta(days=days) + MARGIN)
    listed = [each for each in around if not each.is_double and first <= forms.find_listed_day(each) < end]
    return sorted((each for each in listed if account.is_mine(each)), key=forms.find_listed_day)


def _make_entry(asking: Account | None, airing: Airing) -> JSON:
    """An episode and its show, with what who is *asking* did to both."""
    show = {**forms.make_show(airing.show, airing.wall), **forms.make_own_show(asking, airing.show)}
    episode = {**forms.make_episode(airing), **forms.make_own_episode(asking, airing)}
    own = {"watched": episode["watched"], "rating": False} if asking else {}
    return {**own, "show": show, "episode": episode}


def _find_show(backend: Backend, title: str) -> Show:
    """The show of a slug or a TVDB id."""
    found = find_by_ids(backend.catalogue.list_shows(), {"slug": title, "tvdb": title})
    if found is None:
        raise Refusal(make_failure("show not found", 404))
    return found


def _list_season(backend: Backend, show: Show, season: str) -> list[Airing]:
    return next((its for number, its in backend.catalogue.list_seasons(show).items() if str(number) == season), [])


def _read_range(backend: Backend, start: str | None, days: str | None) -> tuple[date, int]:
    """The first day that is asked for, in Los Angeles if it is not said, and the number of days."""
    try:
        first = date.fromisoformat(start) if start else backend.clock().astimezone(forms.SERVER).date()
        length = min(int(days or DAYS), MOST_DAYS)
    except ValueError:
        raise Refusal(make_failure("invalid date or number of days", 400)) from None
    if first.year not in ANSWERED_YEARS or length < 0:
        raise Refusal(make_failure("invalid date or number of days", 400))
    return first, length


def _read_credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, code = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(code, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, password
    fields = read_fields(request)
    if "username" in fields or "password" in fields:
        return str(fields.get("username")), str(fields.get("password"))
    return None

"""What the demo's user has watched and listed when the demo first starts."""

from datetime import UTC, datetime, time, timedelta

from trakt_ical.demo.catalogue import Catalogue
from trakt_ical.demo.hidden import first_hidden
from trakt_ical.demo.show import A_FORTNIGHT
from trakt_ical.demo.state import State

A_SEASON = timedelta(days=120)  # the longest that anything waits to be watched
TO_THE_CINEMA = timedelta(days=9)  # after a movie's first day
SEEN = 4  # one movie in so many, counting those that are not the user's
EVENING = time(22, tzinfo=UTC)


def first_state(catalogue: Catalogue, now: datetime) -> State:
    """The account at a first start, *now*: up to date with some shows, a little behind with others."""
    until = int((now - A_FORTNIGHT).timestamp())
    state = State(watched_until=until, hidden=first_hidden(catalogue.cast, until))
    _watch_shows(state, catalogue, now)
    _watch_movies(state, catalogue, now)
    wanted = (show.name for show in catalogue.cast.shows if show.mine and not show.watched)
    state.watchlist |= dict.fromkeys(wanted, until)
    return state


def _watch_shows(state: State, catalogue: Catalogue, now: datetime) -> None:
    """Note where a show differs from the rule that what ended a fortnight ago was watched as it aired."""
    for airing in catalogue.airings(now - A_SEASON, now):
        waits = airing.show.waits if airing.show.mine and not airing.double else None
        if waits is None:
            continue
        end = airing.at + timedelta(minutes=airing.minutes)
        watched, by_rule = end + waits < now, end + A_FORTNIGHT < now
        if watched and not by_rule:
            state.watched[airing.name] = [int(end.timestamp())]
        elif by_rule and not watched:
            state.missed.append(airing.name)


def _watch_movies(state: State, catalogue: Catalogue, now: datetime) -> None:
    """Of the user's movies some were seen in the cinema, about one in three; the others are on the watchlist."""
    for movie in catalogue.movies():
        if not movie.mine or movie.dvd < (now - A_SEASON).date():
            continue
        evening = datetime.combine(movie.cinema, EVENING) + TO_THE_CINEMA
        if movie.trakt % SEEN == 0 and evening < now - A_FORTNIGHT:
            state.watched[movie.name] = [int(evening.timestamp())]
        else:
            state.watchlist[movie.name] = state.watched_until

"""`trakt-ical checkin`: tell Trakt what you are watching."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.completion import complete_titles
from trakt_ical.cli.run import Run, account_options

if TYPE_CHECKING:
    from trakt_ical.checkin.items import CheckInExtras, CheckIns, Query, WatchItem
    from trakt_ical.checkin.service import CheckInSession
    from trakt_ical.cli.checkin_dialog import CheckInPrompt

C = TypeVar("C", bound=Callable[..., Any])

ID_TYPES = {"trakt": "Trakt", "imdb": "IMDb", "tvdb": "TVDB", "tmdb": "TMDB"}
_NUMBER, _IMDB = re.compile(r"[0-9]+"), re.compile(r"tt[0-9]+")
_UNREADABLE = re.compile("[\ud800-\udfff]")
"""What Python makes of octets that are no text."""


@dataclass(frozen=True)
class CheckInRequest:
    """What a line of `checkin` wishes for."""

    asked: Query
    extras: CheckInExtras
    episode_tvdb: int | None


def id_options(command: C) -> C:
    """The options that name a show or movie by its number somewhere."""
    for name, site in reversed(ID_TYPES.items()):
        meaning = f"The show, with --movie the movie, that has this number at {site}."
        command = click.option(f"--{name}", metavar="ID", help=meaning)(command)
    return command


def v1_options(command: C) -> C:
    """The parameters that API v1 alone has."""
    for option in (
        click.option("--episode-tvdb", type=int, metavar="ID", help="The episode's number at TVDB (v1)."),
        click.option("--venue-name", default="", metavar="TEXT", help="The place, in your words (v1)."),
        click.option("--venue-id", default="", metavar="ID", help="The place's number at Foursquare (v1)."),
        click.option("--duration", type=click.IntRange(1, 1440), metavar="MINUTES", help="How long it takes (v1)."),
    ):
        command = option(command)
    return command


@click.command("checkin", cls=Command)
@click.argument("words", nargs=-1, metavar="[TITLE] [2x03|s02e03|special 4|next]", shell_complete=complete_titles)
@click.option("--movie", is_flag=True, help="The title is a movie's; a year may follow it.")
@id_options
@click.option("--share", multiple=True, metavar="NETWORK", help="Share it there; several are allowed.")
@click.option("--message", default="", metavar="TEXT", help="The words to share, in place of Trakt's.")
@click.option("--wait", "always", flag_value="wait", help="While another check-in runs: wait for its end.")
@click.option("--replace", "always", flag_value="replace", help="While another check-in runs: end that one.")
@click.option("--early", is_flag=True, help="Check in also to what has yet to air.")
@click.option("--no-input", is_flag=True, help="Never ask.")
@click.option("--status", is_flag=True, help="Show what is running, and check in to nothing.")
@click.option("--cancel", is_flag=True, help="End what is running.")
@click.option("--dry-run", is_flag=True, help="Show the request, and do not send it.")
@click.option("--json", "as_json", is_flag=True, help="Tell it on standard output, for programs.")
@v1_options
@account_options
@click.pass_obj
def command(run: Run, /, words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Tell Trakt what you are watching.

    \b
    trakt-ical checkin                         what is on now, else your latest unwatched episode
    trakt-ical checkin severance               the next episode of it that you have not watched
    trakt-ical checkin severance 2x03          that one; also s02e03, special 4, absolute 27
    trakt-ical checkin --movie heat 1995
    trakt-ical checkin --status

    Titles are those of your calendar, misspelt perhaps; others are looked for at Trakt. Nothing is shared unless
    --share says where. While another check-in runs you are asked what to do; without a terminal it is exit 7.
    """
    from trakt_ical.checkin.service import ConflictChoice, make_context, open_check_in
    from trakt_ical.cli.checkin_dialog import CheckInPrompt, CheckInReport
    from trakt_ical.cli.dates import DateFormat

    instead = _read_instead(options)
    wish = _read_request(words, options)
    if instead in ("status", "cancel") and wish.asked.names_something:
        raise click.UsageError(f"--{instead} is about what runs, and takes no title.")
    always, early, no_input = (options.pop(name) for name in ("always", "early", "no_input"))
    with run.app(options) as app, open_check_in(app, make_context(app, DateFormat.of_user().format_moment)) as place:
        _check_api(wish, app.capabilities.name, place.desk.checkins)
        _warn_about_message(run, wish.extras, place.desk.checkins.longest_message)
        there = app.environment.has_terminal() and not no_input
        asker = CheckInPrompt(place.desk.outside, there, ConflictChoice(always) if always else None, early, run.quiet)
        with CheckInReport(run, place.desk.outside, as_json) as told:
            match instead:
                case "status":
                    told.status(place.desk.watching())
                case "cancel":
                    told.cancelled(place.desk.cancel())
                case "dry_run":
                    told.request(app, place.desk.checkins.request(_resolve_item(place, wish, asker), wish.extras))
                case _:
                    what = _resolve_item(place, wish, asker)
                    told.started(place.desk.check_in(what, wish.extras, asker.busy, asker.wait), wish.extras)


def _resolve_item(place: CheckInSession, wish: CheckInRequest, asker: CheckInPrompt) -> WatchItem:
    """What is meant, unless it has yet to air. Raises NoMatch."""
    finder = place.finder(asker.which, guess=asker.there)
    what = finder.find(wish.asked)
    asker.check_aired(what, early=finder.programme.is_early(what))
    return replace(what, episode_tvdb=wish.episode_tvdb) if wish.episode_tvdb else what


def _read_instead(options: dict[str, Any]) -> str | None:
    """What to do in place of a check-in; its flags are taken out of *options*. Raises click.UsageError for several."""
    given = [name for name in ("status", "cancel", "dry_run") if options.pop(name)]
    if len(given) > 1:
        raise click.UsageError("--status, --cancel and --dry-run exclude each other.")
    return given[0] if given else None


def _read_request(words: Sequence[str], options: dict[str, Any]) -> CheckInRequest:
    """What the line wishes for; its options are taken out of *options*. Raises click.UsageError."""
    from trakt_ical.checkin.items import CheckInExtras, Query, parse_query

    movie, share = options.pop("movie"), options.pop("share")
    given = _read_numbers(options)
    title, place = (" ".join(words), None) if movie else parse_query(words)
    if len(given) > 1 or (given and title):
        raise click.UsageError("Name it by its title or by one number, not by both.")
    if words and not title.strip() and not place:
        raise click.UsageError("The title is empty.")  # of a script's variable: what is on now is not meant by it
    id_type, number = given[0] if given else ("", "")
    if (movie and not title and not number) or (place and not title and not number):
        raise click.UsageError("Name the movie." if movie else "Name the show before the episode.")
    minutes = options.pop("duration")
    texts = {name: options.pop(name).strip() for name in ("message", "venue_id", "venue_name")}
    if any(_UNREADABLE.search(text) for text in (title, *texts.values())):
        raise click.UsageError("What you wrote is not in UTF-8.")  # it could not be sent
    networks = frozenset(name.strip().lower() for each in share for name in each.split(","))
    extras = CheckInExtras(networks, duration=timedelta(minutes=minutes) if minutes else None, **texts)
    return CheckInRequest(Query(title, place, movie, id_type, number), extras, options.pop("episode_tvdb"))


def _read_numbers(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Each site whose number the line gives, taken out of *options*. Raises click.UsageError."""
    given = [(name, number) for name in ID_TYPES if (number := options.pop(name)) is not None]
    for name, number in given:
        if not (_IMDB if name == "imdb" else _NUMBER).fullmatch(number):
            raise click.UsageError(f"--{name} takes {'tt and ' if name == 'imdb' else ''}a number.")
    return given


def _warn_about_message(run: Run, extras: CheckInExtras, longest: int | None) -> None:
    """Tell where a message is not sent as it is written."""
    if extras.message and not extras.share:
        run.say("The message is shared nowhere: name a network with --share.")
    if longest is not None and len(extras.message) > longest:
        run.say(f"The message is cut at {longest} characters: this API takes no more.")


def _check_api(wish: CheckInRequest, api: str, checkins: CheckIns) -> None:
    """Refuse with click.UsageError what this API does not have."""
    extras = wish.extras
    of_v1 = (extras.duration, extras.venue_id, extras.venue_name, wish.episode_tvdb)
    if any(of_v1) and not checkins.takes_details:
        raise click.UsageError("--duration, --venue-id, --venue-name and --episode-tvdb go with API v1.")
    if unknown := sorted(extras.share.difference(checkins.networks)):
        raise click.UsageError(f"{api} does not share on {', '.join(unknown)}, but on {', '.join(checkins.networks)}.")

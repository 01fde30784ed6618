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
from trakt_ical.cli.run import Run, account_options, offline_option

if TYPE_CHECKING:
    from trakt_ical.app.checkin import CheckInSession
    from trakt_ical.checkin.items import CheckInExtras, Query, WatchItem
    from trakt_ical.cli.checkin_dialog import CheckInPrompt
    from trakt_ical.fetch.sources import CheckInAbilities

C = TypeVar("C", bound=Callable[..., Any])

ID_TYPES = {"trakt": "Trakt", "imdb": "IMDb", "tvdb": "TVDB", "tmdb": "TMDB"}
_NUMBER, _IMDB = re.compile(r"[0-9]+"), re.compile(r"tt[0-9]+")
_UNREADABLE = re.compile("[\ud800-\udfff]")
"""What Python makes of octets that are no text."""


@dataclass(frozen=True)
class CheckInRequest:
    """What a command line asks for: what to check in to, with which *extras*, and *action* in place of a check-in."""

    query: Query
    extras: CheckInExtras
    episode_tvdb: int | None
    action: str | None


def id_options(command: C) -> C:
    """Add the options that name a show or movie by its number somewhere."""
    for name, site in reversed(ID_TYPES.items()):
        text = f"The show's number at {site}; with --movie the movie's."
        command = click.option(f"--{name}", metavar="ID", help=text)(command)
    return command


def details_options(command: C) -> C:
    """Add the parameters that only API v1 has."""
    for option in (
        click.option("--episode-tvdb", type=int, metavar="ID", help="The episode's number at TVDB (API v1)."),
        click.option("--venue-name", default="", metavar="TEXT", help="The name of the place (API v1)."),
        click.option("--venue-id", default="", metavar="ID", help="The number of the place at Foursquare (API v1)."),
        click.option("--duration", type=click.IntRange(1, 1440), metavar="MINUTES", help="How long it is (API v1)."),
    ):
        command = option(command)
    return command


@click.command("checkin", cls=Command)
@click.argument("words", nargs=-1, metavar="[TITLE] [2x03|s02e03|special 4|next]", shell_complete=complete_titles)
@click.option("--movie", is_flag=True, help="The title is a movie's. A year may follow it.")
@id_options
@click.option("--share", multiple=True, metavar="NETWORK", help="Share it on NETWORK. May be given several times.")
@click.option("--message", default="", metavar="TEXT", help="Share it with TEXT instead of Trakt's own message.")
@click.option("--wait", "always", flag_value="wait", help="If another check-in is running, wait for its end.")
@click.option("--replace", "always", flag_value="replace", help="If another check-in is running, end it.")
@click.option("--early", is_flag=True, help="Check in even if it has yet to air.")
@click.option("--no-input", is_flag=True, help="Never ask a question.")
@click.option("--status", is_flag=True, help="Show what is being watched, and do not check in.")
@click.option("--cancel", is_flag=True, help="End the check-in that is running.")
@click.option("--dry-run", is_flag=True, help="Show the request, and do not send it.")
@offline_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@details_options
@account_options
@click.pass_obj
def command(run: Run, /, words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Tell Trakt what you are watching.

    \b
    trakt-ical checkin                         what is on now, else your latest unwatched episode
    trakt-ical checkin severance               its next episode that you have not watched
    trakt-ical checkin severance 2x03          that episode; also s02e03, special 4, absolute 27
    trakt-ical checkin --movie heat 1995
    trakt-ical checkin --status

    The title is looked up in your calendar first, then at Trakt. It may be shortened or misspelt. Nothing is shared
    unless you use --share. If another check-in is running, you are asked what to do; without a terminal the command
    ends with exit status 7.
    """
    from trakt_ical.app.checkin import AppContext, find_check_in_abilities, open_check_in
    from trakt_ical.checkin.service import ConflictChoice
    from trakt_ical.cli.checkin_dialog import CheckInPrompt, CheckInReport
    from trakt_ical.cli.dates import DateFormat

    request = _read_request(words, options)
    if options["offline"] and request.action != "dry_run":
        raise click.UsageError("A check-in needs the network. --offline works with --dry-run only.")
    always, early, no_input = (options.pop(name) for name in ("always", "early", "no_input"))
    with run.app(options) as app:
        context = AppContext(app, DateFormat.of_user().format_moment)
        present = app.environment.has_terminal() and not no_input
        prompt = CheckInPrompt(context, present, ConflictChoice(always) if always else None, early, run.quiet)
        abilities = find_check_in_abilities(app)
        _check_abilities(request, app.capabilities.name, abilities)  # wrong usage comes before a missing login
        with open_check_in(app, context) as session, CheckInReport(run, context, as_json) as report:
            service = session.service
            _warn_about_message(run, request.extras, abilities.longest_message)
            match request.action:
                case "status":
                    report.show_watching(service.api.fetch_watching())
                case "cancel":
                    report.show_cancelled(service.cancel())
                case "dry_run":
                    item = _resolve_item(session, request, prompt)
                    report.show_post(app, service.api.make_post(item, request.extras))
                case _:
                    item = _resolve_item(session, request, prompt)
                    report.show_started(service.check_in(item, request.extras, prompt), request.extras)


def _resolve_item(session: CheckInSession, request: CheckInRequest, prompt: CheckInPrompt) -> WatchItem:
    """What *request* refers to, unless it has yet to air. Raises NoMatch."""
    finder = session.make_finder(prompt)
    item = finder.find(request.query)
    if finder.schedule.is_early(item):
        prompt.confirm_early(item)
    return replace(item, episode_tvdb=request.episode_tvdb) if request.episode_tvdb else item


def _read_request(words: Sequence[str], options: dict[str, Any]) -> CheckInRequest:
    """What the command line asks for; its options are taken out of *options*. Raises click.UsageError."""
    from trakt_ical.checkin.items import CheckInExtras

    actions = [name for name in ("status", "cancel", "dry_run") if options.pop(name)]
    if len(actions) > 1:
        raise click.UsageError("--status, --cancel and --dry-run exclude each other.")
    action = actions[0] if actions else None
    query = _read_query(words, options)
    if action in ("status", "cancel") and query.names_title:
        raise click.UsageError(f"--{action} is about the check-in that is running, and takes no title.")
    texts = {name: options.pop(name).strip() for name in ("message", "venue_id", "venue_name")}
    if any(_UNREADABLE.search(text) for text in (query.words, *texts.values())):
        raise click.UsageError("The text is not in UTF-8.")  # it could not be sent
    networks = frozenset(name.strip().lower() for each in options.pop("share") for name in each.split(","))
    minutes = options.pop("duration")
    extras = CheckInExtras(networks, duration=timedelta(minutes=minutes) if minutes else None, **texts)
    return CheckInRequest(query, extras, options.pop("episode_tvdb"), action)


def _read_query(words: Sequence[str], options: dict[str, Any]) -> Query:
    """What to check in to; its options are taken out of *options*. Raises click.UsageError."""
    from trakt_ical.checkin.items import Query, parse_query

    movie = options.pop("movie")
    given = _read_numbers(options)
    title, episode = (" ".join(words), None) if movie else parse_query(words)
    if len(given) > 1 or (given and title):
        raise click.UsageError("Give either a title or one number.")
    if words and not title.strip() and not episode:
        raise click.UsageError("The title is empty.")  # by an unset variable of a script: not what is on now
    id_type, number = given[0] if given else ("", "")
    if (movie or episode) and not title and not number:
        raise click.UsageError("Name the movie." if movie else "Name the show before the episode.")
    return Query(title, episode, movie, id_type, number)


def _read_numbers(options: dict[str, Any]) -> list[tuple[str, str]]:
    """Each site whose number is given, with the number, taken out of *options*. Raises click.UsageError."""
    given = [(name, number) for name in ID_TYPES if (number := options.pop(name)) is not None]
    for name, number in given:
        if not (_IMDB if name == "imdb" else _NUMBER).fullmatch(number):
            example = "a number that begins with tt, such as tt0113277" if name == "imdb" else "a number"
            raise click.UsageError(f"--{name} takes {example}.")
    return given


def _check_abilities(request: CheckInRequest, name: str, abilities: CheckInAbilities) -> None:
    """Refuse with click.UsageError what is beyond the *abilities* of the source called *name*."""
    extras = request.extras
    details = (extras.duration, extras.venue_id, extras.venue_name, request.episode_tvdb)
    if any(details) and not abilities.takes_details:
        raise click.UsageError(f"{name} does not take --duration, --venue-id, --venue-name or --episode-tvdb.")
    if unknown := sorted(extras.share.difference(abilities.networks)):
        raise click.UsageError(
            f"{name} cannot share on {', '.join(unknown)}. Its networks are: {', '.join(abilities.networks)}."
        )


def _warn_about_message(run: Run, extras: CheckInExtras, longest: int | None) -> None:
    """Say where a message is not shared as it is written."""
    if extras.message and not extras.share:
        run.say("The message is not shared. Name a network with --share.")
    if longest is not None and len(extras.message) > longest:
        run.say(f"The message is cut to {longest} characters, the most that this API takes.")

"""`trakt-ical shows`: what each show of the imported list is at TVmaze."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_option, setting_option
from trakt_ical.cli.terminal import strip_controls, write_line
from trakt_ical.wording import describe_count

if TYPE_CHECKING:
    from trakt_ical.fetch.tvmaze.source import ListedShow

STATES = {
    "ahead": "with episodes ahead",
    "matched": "without",
    "clashing": "that could be several",
    "unmatched": "not found",
    "off": "off",
}


@click.command("shows", cls=Command)
@click.option(
    "--state", "states", type=click.Choice(tuple(STATES)), multiple=True, help="List only these. May be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print the shows as JSON.")
@account_option
@setting_option("--api-url", setting="api_url", metavar="URL")
@click.pass_obj
def command(run: Run, /, states: tuple[str, ...], as_json: bool, **flags: Any) -> None:
    """List the shows that you imported, and what they are at TVmaze.

    \b
    ahead      found, with an episode ahead: the first day is named
    matched    found, with nothing ahead
    clashing   could be several shows, so it is left out
    unmatched  not found: TVmaze lists a show once it has an episode ahead
    off        left out, since the settings say so

    Settle what is clashing in the settings file. The number is in the show's address at TVmaze:

    \b
    [shows]
    the-staircase = "tvmaze:8"
    another-show = "off"
    """
    from trakt_ical.app.shows import list_shows

    with run.app({**flags, "api": "tvmaze"}) as app:
        shows = list_shows(app)
    chosen = [show for show in shows if not states or show.state in states]
    if as_json:
        write_line(json.dumps([_convert_show(show) for show in chosen], ensure_ascii=False, indent=2))
        return
    for show in chosen:
        write_line(_describe_show(show))
    run.say(_count_states(shows))


def _describe_show(show: ListedShow) -> str:
    imported = show.imported
    title = f"{strip_controls(imported.title) or show.key}{f' ({imported.year})' if imported.year else ''}"
    about = [
        ", ".join(f"tvmaze:{number}" for number in show.numbers),
        show.reason if not show.numbers else "",
        "hidden" if imported.hidden else "",
        f"[shows] {imported.slug or show.key}" if show.state == "clashing" else "",
    ]
    return f"{show.state:10} {show.first or '-':11} {title}  {'; '.join(filter(None, about))}".rstrip()


def _convert_show(show: ListedShow) -> dict[str, Any]:
    """Return *show* for JSON."""
    imported = show.imported
    return {
        "state": show.state,
        "title": imported.title,
        "year": imported.year,
        "key": show.key,
        "slug": imported.slug or None,
        "hidden": imported.hidden,
        "tvmaze": list(show.numbers),
        "name": show.name or None,
        "next": show.first or None,
        "reason": show.reason or None,
    }


def _count_states(shows: Iterable[ListedShow]) -> str:
    counts = Counter(show.state for show in shows)
    parts = [f"{counts[state]} {words}" for state, words in STATES.items() if counts[state]]
    total = sum(counts.values())
    return f"{describe_count(total, 'show')}: {', '.join(parts)}." if total else "The list has no shows."

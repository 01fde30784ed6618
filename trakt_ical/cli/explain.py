"""`trakt-ical explain`: why an airing is in a calendar or not, and where its time comes from."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import Any

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import (
    Run,
    account_options,
    check_freshness,
    find_calendar_or_first,
    offline_option,
    setting_option,
)
from trakt_ical.cli.terminal import write_line
from trakt_ical.errors import NoMatch


@click.command("explain", cls=Command)
@click.argument("query", nargs=-1, required=True)
@click.option("--in", "name", metavar="NAME", help="Calendar of the settings file. If not given: the first one.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@click.option("--fresh", is_flag=True, help="Ask Trakt now. Otherwise answers of the last hour are used again.")
@offline_option
@setting_option("--kind", setting="kind", multiple=True)
@setting_option("--timezone", setting="timezone", metavar="ZONE")
@account_options
@click.pass_obj
def command(run: Run, /, query: tuple[str, ...], name: str | None, fresh: bool, as_json: bool, **flags: Any) -> None:
    """Explain why an episode or movie is in a calendar or not.

    \b
    trakt-ical explain severance 2x03
    trakt-ical explain "doctor who" s01e04 --in Shows

    It also explains where the time comes from. If several airings match, they are listed, and the exit status is 9.
    Then name one by its UID, which stands in brackets.
    """
    from trakt_ical.app.agenda import forget_doubtful_answers
    from trakt_ical.app.explain import explain_airing
    from trakt_ical.app.listed import MAX_AGE, fetch_listed
    from trakt_ical.app.outputs import load_stored_output

    check_freshness(flags, fresh=fresh)
    flags["kind"] = flags["kind"] or None
    with run.accounts(flags) as accounts:
        app, calendar = find_calendar_or_first(accounts, name)
        found = fetch_listed(app, calendar, max_age=timedelta(0) if fresh else MAX_AGE, steps=True)
        output = load_stored_output(app, calendar)
        forget_doubtful_answers(app, found, output)
        try:
            explanation = explain_airing(found.fetched, found.spec, found.now, " ".join(query), output)
        except NoMatch as error:
            if app.capabilities.needs_list:
                from trakt_ical.app.shows import describe_unpaired

                error.args = (f"{error} {describe_unpaired(app, ' '.join(query))}".rstrip(),)
            raise
    if as_json:
        write_line(json.dumps(dataclasses.asdict(explanation), ensure_ascii=False, indent=2))
        return
    write_line(f"{explanation.name} ({explanation.uid}) in the calendar “{calendar.title}”")
    for number, step in enumerate(explanation.steps, 1):
        write_line(f"{number:3}. {step}")

"""Looks at each calendar on a CalDAV server: whether the login works, the calendar is there, and both are in step."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from trakt_ical.app.context import App
from trakt_ical.app.doctor.finding import Finding, make_failure, make_warning
from trakt_ical.errors import LoginNeeded, TraktIcalError


def check_pushes(app: App) -> Iterator[Finding]:
    """Compare the calendar on the server of each push of *app* with the stored calendars; nothing is sent."""
    for name in app.push_names:
        from trakt_ical.app.push import compare_with_server  # few people push

        subject, target = f"push {name}", app.resolved.pushes[name]
        try:
            found = compare_with_server(app, name)
        except LoginNeeded:
            continue  # whose calendar it must be is not known; the login is a finding of its own
        except TraktIcalError as error:
            yield make_failure(subject, error, "See docs/push.md for the url, and try: trakt-ical push -v")
            continue
        count, remedy = found.put + found.deleted, f"Run: trakt-ical push {quote(name)}"
        if count:
            message = f"The server takes the login. {count} events there are not as they should be."
            yield make_warning(subject, message, remedy)
        else:
            message = f"The server takes the login, and the calendar {target.calendar} there is up to date."
            yield Finding(subject=subject, message=message)

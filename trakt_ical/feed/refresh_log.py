"""What the log of `serve` says of refreshes: a line for each calendar, and two for an outage: its start and its end."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from trakt_ical.errors import TraktIcalError
from trakt_ical.export.changes import count_changes
from trakt_ical.pipeline import Outcome, RunResult
from trakt_ical.wording import describe_span

service = logging.getLogger("trakt_ical.service")
"""What the operator of `serve` reads without asking for more."""


@dataclass(frozen=True, slots=True)
class _Trouble:
    """Something of one *kind* that has been wrong *since* then."""

    kind: object
    since: datetime


class RefreshLog:
    """Writes the lines about the refreshes of one account, and remembers which troubles it has reported.

    A trouble is known by its exit status, not by its words: during one outage these go from a refused connection to
    time-outs and back. With -v each failed try has its line.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._troubles: dict[str, _Trouble] = {}  # by the calendar's name
        self._later: dict[str, _Trouble] = {}  # what failed after a calendar was saved
        self._crash: _Trouble | None = None

    def write_outcomes(self, outcomes: Mapping[str, Outcome], due: datetime) -> None:
        """Report what a refresh made of each calendar; the next one is *due* then."""
        for known in (self._troubles, self._later):
            for name in known.keys() - outcomes.keys():  # the settings no longer have it
                del known[name]
        failed = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, TraktIcalError)}
        done = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, RunResult)}
        for names, error in self._find_new(self._troubles, failed):
            text = "%s could not be refreshed; next try %s. %s"
            fields = {"calendars": names, "error": type(error).__name__, "next": due}
            service.warning(text, ", ".join(names), _format_time(due, self._now()), error, extra={"fields": fields})
        for name, result in done.items():
            trouble = self._troubles.pop(name, None) or self._crash
            self._write_result(name, result, trouble, due)
        self._crash = None
        later = {name: result.later_error for name, result in done.items() if result.later_error}
        for names, error in self._find_new(self._later, later):
            fields = {"calendars": names, "error": type(error).__name__}
            service.warning("%s: %s", ", ".join(names), error, extra={"fields": fields})
        for name in [each for each in done if each in self._later and each not in later]:
            span = describe_span(self._now() - self._later.pop(name).since)
            service.info("%s: all is well again after %s", name, span, extra={"fields": {"calendar": name}})

    def write_crash(self, error: BaseException) -> None:
        """Report that *error*, a bug, ended a refresh."""
        kind = type(error).__name__
        if self._crash is None or self._crash.kind != kind:
            self._crash = _Trouble(kind, self._crash.since if self._crash else self._now())
            service.error("The refresher crashed.\n%s", "".join(traceback.format_exception(error)))
        else:
            service.debug("The refresher crashed again: %r", error)

    def _write_result(self, name: str, result: RunResult, trouble: _Trouble | None, due: datetime) -> None:
        now = self._now()
        again = f"refreshed again after {describe_span(now - trouble.since)}: " if trouble else ""
        changes = count_changes(result.changes) or ("changed" if result.changed else "nothing changed")
        fields = {
            "calendar": name,
            "changes": {kind.name.lower(): n for kind, n in Counter(each.kind for each in result.changes).items()},
            "events": result.summary.events,
            "next": due,
        }
        service.info("%s: %s%s; next %s", name, again, changes, _format_time(due, now), extra={"fields": fields})

    def _find_new(
        self, known: dict[str, _Trouble], errors: Mapping[str, TraktIcalError]
    ) -> list[tuple[list[str], TraktIcalError]]:
        """Note those of *errors* that are not *known*, and return each with all calendars that have it."""
        found: dict[str, tuple[list[str], TraktIcalError]] = {}
        for name, error in errors.items():
            before = known.get(name)
            if before and before.kind == error.exit_code:
                service.debug("%s: still failing. %s", name, error)
                continue
            known[name] = _Trouble(error.exit_code, before.since if before else self._now())
            found.setdefault(str(error), ([], error))[0].append(name)
        return list(found.values())


def _format_time(then: datetime, now: datetime) -> str:
    """Return *then* by this computer's clock, as the log's own times are, with the day where that is not today."""
    there = then.astimezone()
    return f"{there:%H:%M}" if there.date() == now.astimezone().date() else f"{there:%Y-%m-%d %H:%M}"

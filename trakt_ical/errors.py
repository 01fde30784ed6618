"""What can go wrong, and the exit status of each.

    TraktIcalError          1
    ├── SettingsError       3   a setting is missing, unknown or wrong
    ├── LoginNeeded         4   no login, or one that Trakt no longer takes
    ├── TraktError          5   Trakt cannot be reached, or answers strangely
    │   ├── Unreachable         no answer at all
    │   ├── Refused             an answer whose status says no
    │   └── BrokenAnswer        an answer that is not what Trakt documents
    ├── OutputError         6   the output did not take the calendar
    ├── Running             7   a check-in is running
    ├── NotBelieved         8   the new calendar lost too much to be true
    └── NoMatch             9   nothing, or more than one thing, matches

Wrong usage (2) is told by the command line itself, an interruption (130) by `cli.main`.
"""

from __future__ import annotations

from datetime import datetime


class TraktIcalError(Exception):
    """The root of all errors that are told in one sentence and without a traceback."""

    exit_code = 1


class SettingsError(TraktIcalError):
    """A setting is missing, unknown or wrong."""

    exit_code = 3


class LoginNeeded(TraktIcalError):
    """There is no login, or Trakt no longer takes it."""

    exit_code = 4


class TraktError(TraktIcalError):
    """Trakt cannot be reached, or answers strangely."""

    exit_code = 5


class Unreachable(TraktError):
    """No whole answer came: no connection, a time-out, a body cut short."""


class Refused(TraktError):
    """Trakt answered with a status that says no."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class BrokenAnswer(TraktError):
    """Trakt answered with something that its documentation does not describe."""


class OutputError(TraktIcalError):
    """The output did not take the calendar; what was there before still is."""

    exit_code = 6


class CheckInRunning(TraktIcalError):
    """A check-in is running, and no other begins before it has ended: at *until*, where that is known."""

    exit_code = 7

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class UpdateHeldBack(TraktIcalError):
    """The new calendar lost too much of the previous one, which stays; *missing* are the UIDs."""

    exit_code = 8

    def __init__(self, message: str, missing: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.missing = missing


class NoMatch(TraktIcalError):
    """Nothing matches what was asked for, or more than one thing does: then these are the *candidates*."""

    exit_code = 9

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates

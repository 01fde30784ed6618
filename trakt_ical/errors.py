"""All errors that users see, and the exit status of each.

    TraktIcalError          1
    ├── SettingsError       3   a setting is missing, unknown or wrong
    │   └── AppNeeded           Trakt accepts no client_id of the settings
    ├── LoginNeeded         4   no login, or one that Trakt no longer accepts
    ├── TraktError          5   Trakt cannot be reached, or its answer makes no sense
    │   ├── Unreachable         no complete answer
    │   │   └── NoConnection        not even a connection
    │   ├── NotKept             no answer is kept, and none may be asked for
    │   ├── Refused             an answer whose status is an error
    │   └── BrokenAnswer        an answer of another shape than documented
    │       ├── PageForPeople   a page of HTML instead of data
    │       └── WrongClock      an answer of another day than today
    ├── OutputError         6   the calendar, or other data, could not be written
    │   └── WrittenMeanwhile        somebody else wrote there during this run
    ├── CheckInRunning      7   another check-in is running
    ├── UpdateHeldBack      8   most of what was there would disappear, so the stored calendar or list stays
    ├── NoMatch             9   nothing matches, or more than one thing
    └── ImportRefused       9   a file cannot be imported, so the old list stays

`cli.command.Command` turns them into exit statuses. click ends wrong usage with 2, `cli.main` an interruption with 130.
"""

from __future__ import annotations

from datetime import datetime

LOGIN = "trakt-ical login"


class TraktIcalError(Exception):
    """An error that the user sees as one sentence, without a traceback.

    Some have lines that stand below it, *candidates* of what the user meant or an *excerpt* of the settings file, and
    *others* that were found with it.
    """

    exit_code = 1
    candidates: tuple[str, ...] = ()
    excerpt: tuple[str, ...] = ()
    others: tuple[TraktIcalError, ...] = ()


class SettingsError(TraktIcalError):
    """A setting is missing, unknown or wrong.

    *excerpt*: the line of the settings file, a line that points to the place in it, and what to write; or what to do,
    where that takes several lines. *others*: what else is wrong.
    """

    exit_code = 3
    others: tuple[SettingsError, ...]

    def __init__(self, message: str, excerpt: tuple[str, ...] = (), others: tuple[SettingsError, ...] = ()) -> None:
        super().__init__(message)
        self.excerpt = excerpt
        self.others = others


NEW_APP = (
    "With Trakt VIP, make an app at https://app.trakt.tv/settings/apps, then: trakt-ical config set client_id ID",
    "Without, export your shows at https://app.trakt.tv/settings/data, then: trakt-ical import FILE",
)


class AppNeeded(SettingsError):
    """The settings have no client_id, or one that Trakt does not accept; *reason* says which, in whole sentences."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Run: trakt-ical setup", NEW_APP)
        self.reason = reason


class LoginNeeded(TraktIcalError):
    """There is no login, or Trakt no longer accepts it; *reason* says which, in whole sentences.

    *command* makes one. Below `app` nobody knows accounts: `App.name_in_errors` puts the account's name into it.
    """

    exit_code = 4

    def __init__(self, reason: str, command: str = LOGIN) -> None:
        super().__init__(f"{reason} Run: {command}")
        self.reason = reason


class TraktError(TraktIcalError):
    """Trakt cannot be reached, or its answer makes no sense."""

    exit_code = 5


class Unreachable(TraktError):
    """No complete answer came: no connection, a time-out, or a body cut short."""


class NoConnection(Unreachable):
    """No connection came about, so whoever asks the same server meets the same."""


class NotKept(TraktError):
    """No request may be sent, and the answer to one is not kept."""

    def __init__(self) -> None:
        super().__init__("Nothing has been fetched yet that answers this. Run it once without --offline.")


class Refused(TraktError):
    """Trakt answered with the status of an error, *status*."""

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status


class BrokenAnswer(TraktError):
    """Trakt answered with something of another shape than documented."""


class PageForPeople(BrokenAnswer):
    """A page of HTML came instead of data: from Cloudflare, say, or from a hotel's network that wants a login."""


class WrongClock(BrokenAnswer):
    """The clock of the server and that of this computer differ by more than a day."""


class OutputError(TraktIcalError):
    """The calendar could not be written; what was there before is unchanged."""

    exit_code = 6


class WrittenMeanwhile(OutputError):
    """Somebody else wrote to the same place during this run, and what they wrote stays."""


class CheckInRunning(TraktIcalError):
    """Another check-in is running, until *until* if that is known, and Trakt allows only one."""

    exit_code = 7

    def __init__(self, message: str, until: datetime | None = None) -> None:
        super().__init__(message)
        self.until = until


class UpdateHeldBack(TraktIcalError):
    """Most upcoming events, those with the UIDs *missing*, or most imported shows would go, so what was there stays."""

    exit_code = 8

    def __init__(self, message: str, missing: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.missing = missing


class NoMatch(TraktIcalError):
    """Nothing matches the user's words, or several things do: the *candidates*."""

    exit_code = 9

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class ImportRefused(TraktIcalError):
    """A file cannot be imported, or not completely, so the list of shows is as it was."""

    exit_code = 9

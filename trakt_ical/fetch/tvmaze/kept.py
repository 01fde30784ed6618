"""What is kept of TVmaze's answers: they have no ETag, so nothing else tells which of them need not be asked for again.

Two folders hold it. What later runs rely on (which show is which, what a show is like, when its episodes were read)
outlives the answers. The answers themselves, one file for each show, may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.fetch.tvmaze.wire import ShowWire
from trakt_ical.files import JsonFile

log = logging.getLogger(__name__)

EPISODES = "episodes-"  # begins the name of a kept answer


class KnownShow(msgspec.Struct):
    """A show of TVmaze that is paired with an imported one.

    *changed_at*: seconds since 1970, by TVmaze's own clock; *read_at*: when its episodes were read, 0 for never.
    *is_scheduled*: whether the last schedule listed it; *specials*: how many specials that listed.
    """

    show: ShowWire
    changed_at: int = 0
    read_at: int = 0
    is_scheduled: bool = False
    specials: int = 0


class Facts(msgspec.Struct):
    """What outlives the answers.

    *pairs*: the TVmaze numbers of each show of the list that has any, by its list key; *clashes*: the reason why a show
    has none though it could; *off*: those that the user does not want. *learnt*: all pairs ever found. *shows*: what
    these numbers stand for. *gone*: when TVmaze said that it has no such show. *matched*: the hash of the list that was
    matched. Times are seconds since 1970, 0 for never.
    """

    pairs: dict[str, list[int]] = {}
    clashes: dict[str, str] = {}
    off: list[str] = []
    learnt: dict[str, list[int]] = {}
    shows: dict[int, KnownShow] = {}
    gone: dict[int, int] = {}
    matched: str = ""
    schedule_at: int = 0
    changes_at: int = 0

    @property
    def numbers(self) -> list[int]:
        """The numbers of all paired shows, in their order."""
        return sorted({number for numbers in self.pairs.values() for number in numbers})


class ScheduledShow(msgspec.Struct):
    """A show that the schedule lists, with its *specials* there and the *first* day on which it is on."""

    show: ShowWire
    specials: int = 0
    first: str = ""


class KeptAnswers:
    """The facts in the folder *facts*, and the answers in the folder *answers*."""

    def __init__(self, facts: Path, answers: Path) -> None:
        self._facts = JsonFile(facts / "tvmaze.json", Facts, "list of paired shows")
        self._schedule = JsonFile(answers / "schedule.json", list[ScheduledShow], "kept schedule")
        self._answers = answers
        self._unsaved: dict[int, bytes] = {}

    def load_facts(self) -> Facts:
        """Return what is known so far."""
        return self._facts.load_if_readable() or Facts()

    def save_facts(self, facts: Facts) -> None:
        """Keep *facts*."""
        self._facts.save_if_possible(facts)

    def load_schedule(self) -> list[ScheduledShow] | None:
        """Return the shows of the last schedule, None where it is not kept any more."""
        return self._schedule.load_if_readable(logging.DEBUG)

    def save_schedule(self, shows: list[ScheduledShow]) -> None:
        """Keep the *shows* of a schedule."""
        self._schedule.save_if_possible(shows)

    def load_episodes(self, number: int) -> bytes | None:
        """Return the kept answer about the episodes of the show *number*, None where there is none."""
        if number in self._unsaved:
            return self._unsaved[number]
        try:
            return self._find_path(number).read_bytes()
        except OSError:
            return None

    def has_episodes(self, number: int) -> bool:
        """Whether there is a kept answer about the episodes of the show *number*."""
        return number in self._unsaved or self._find_path(number).is_file()

    def save_episodes(self, number: int, body: bytes) -> None:
        """Keep the answer about the episodes of the show *number*; what cannot be written is kept for this run."""
        try:
            files.make_private_folder(self._answers)
            files.write_whole(self._find_path(number), body, mode=0o600)
        except OSError as error:
            log.log(logging.DEBUG if self._unsaved else logging.WARNING, "No answer can be kept: %s.", error.strerror)
            self._unsaved[number] = body

    def delete_episodes(self, number: int) -> None:
        """Delete the kept answer about the episodes of the show *number*."""
        self._unsaved.pop(number, None)
        with contextlib.suppress(OSError):
            self._find_path(number).unlink()

    def delete_others(self, numbers: Collection[int]) -> None:
        """Delete the kept answers about shows that are not among *numbers*."""
        names = {self._find_path(number).name for number in numbers}
        with contextlib.suppress(OSError):
            for path in self._answers.glob(f"{EPISODES}*"):
                if path.name not in names:
                    path.unlink()

    def _find_path(self, number: int) -> Path:
        return self._answers / f"{EPISODES}{number}.json"

"""The calendar of an imported list of shows, with air times from TVmaze: which requests it takes, one after the other.

1. `/updates/shows`, at most once an hour, tells which shows changed.
2. `/schedule/full`, once a day, has every episode ahead with its whole show: so the shows of the list are found by
   their numbers, without a request for each of them. It has nothing of the past.
3. `/shows/N/episodes` has all of a show's episodes. It is asked for where the show is newly paired or has changed;
   every other answer is kept.

A show that is in no schedule keeps its last answer, and a show of the list that is paired with none says nothing: what
the calendar already has of it stays.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import msgspec

from trakt_ical.errors import BrokenAnswer, NotKept, SettingsError
from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedShow
from trakt_ical.fetch.sources import (
    Connection,
    Fetched,
    FetchRequest,
    KeptTitle,
    Progress,
    hash_answers,
    ignore_progress,
)
from trakt_ical.fetch.tvmaze.kept import Facts, KeptAnswers, KnownShow, ScheduledShow
from trakt_ical.fetch.tvmaze.kept_airings import AnswersTvmaze
from trakt_ical.fetch.tvmaze.match import Matches, make_list_key, make_show_key, match_shows
from trakt_ical.fetch.tvmaze.reader import SERVER, read_schedule
from trakt_ical.fetch.tvmaze.wire import ShowWire
from trakt_ical.model import Airing
from trakt_ical.trakt import statuses
from trakt_ical.trakt.client import Answer, Client
from trakt_ical.trakt.pacing import Pacer
from trakt_ical.trakt.reach import KeptOnly

log = logging.getLogger(__name__)

MOST, SPAN = 20, 10.5  # requests in so many seconds; TVmaze allows 20 in 10
HOUR, DAY = 3600, 86400  # seconds that TVmaze's answers are good for: the schedule a day, all others an hour
# How far back each answer of /updates/shows reaches, in seconds, with an hour to spare.
PERIODS = {"day": 23 * HOUR, "week": 6 * DAY + 23 * HOUR, "month": 27 * DAY}
GONE_FOR = 30 * DAY  # seconds for which a show that TVmaze does not have is not asked for again
MOST_MERGES = 4  # one after the other
FEWEST_OF_ALL = 3  # a schedule that lacks all shows of the last one is doubtful if these were at least so many
FEWEST_OF_HALF = 10  # and one that lacks over half of them if these were at least so many
MOVED, NOT_FOUND = 301, 404
_SHOW_PATH = re.compile(r"/shows/([1-9][0-9]{0,9})(?:/episodes)?/?")


class ListedShow(msgspec.Struct, frozen=True):
    """A show of the list, and what came of matching it; `state` in one word.

    *numbers*: its numbers at TVmaze, where it is called *name*; *reason*: why it has none though it could; *first*: the
    first day ahead on which it is on, "" for none.
    """

    key: str
    imported: ImportedShow
    numbers: tuple[int, ...] = ()
    name: str = ""
    reason: str = ""
    first: str = ""
    is_off: bool = False

    @property
    def state(self) -> str:
        """One of `ahead`, `matched` (nothing ahead), `clashing`, `off`, `unmatched`."""
        if self.numbers:
            return "ahead" if self.first else "matched"
        return "off" if self.is_off else "clashing" if self.reason else "unmatched"


class SourceTvmaze:
    """The shows of the *imported* list at the server *url* that *client* speaks to; *choices* are the user's own pairs.

    Answers are *kept*; *now* is the time of this run. With *kept_only* nothing else is looked at.
    """

    def __init__(
        self,
        client: Client,
        kept: KeptAnswers,
        imported: ImportedList,
        *,
        url: str,
        choices: Mapping[str, str],
        now: datetime,
        kept_only: KeptOnly | None = None,
    ) -> None:
        self._client = client
        self._kept = kept
        self._shows = {make_list_key(show): show for show in imported.shows}
        self._url = url
        self._choices = choices
        self._now = int(now.timestamp())
        self._kept_only = kept_only

    def fetch(self, request: FetchRequest, progress: Progress = ignore_progress) -> Fetched:
        """Return what airs on the days of each kind, and whatever is known after them."""
        return self.ask(request, progress).read()

    def ask(self, request: FetchRequest, progress: Progress) -> AnswersTvmaze:
        """Ask for what may have changed since the last run."""
        facts = self._kept.load_facts()
        if self._kept_only is not None:
            self._note_age(facts, self._kept_only)
            return AnswersTvmaze(request, self._shows, facts, self._kept, frozenset())
        try:
            missed = self._update_pairs(facts, believes=request.accepts_loss)
            self._note_changes(facts)
            due = [number for number in facts.numbers if self._is_due(facts.shows[number], number)]
            progress(0, len(due))
            for done, number in enumerate(due, 1):
                self._fetch_episodes(facts, number)
                progress(done, len(due))
        finally:
            # What was read before an outage need not be read again.
            self._kept.save_facts(facts)
        return AnswersTvmaze(request, self._shows, facts, self._kept, missed)

    def _note_age(self, facts: Facts, kept_only: KeptOnly) -> None:
        """Tell *kept_only* how old the answers behind *facts* are. Raises NotKept where there are none."""
        if not facts.pairs:
            raise NotKept
        is_scheduled = 0 <= self._now - facts.schedule_at < DAY
        try:
            kept_only.note(datetime.fromtimestamp(facts.changes_at if is_scheduled else facts.schedule_at, UTC))
        except (ValueError, OverflowError, OSError):  # the file is damaged: no date is that far away
            raise NotKept from None
        has_all = all(self._kept.has_episodes(number) for number in facts.numbers)
        kept_only.lacks = kept_only.lacks or not has_all or facts.matched != self._hash_list()

    def _hash_list(self) -> str:
        return hash_answers([msgspec.json.encode([self._shows, self._choices])])

    def list_pairs(self) -> list[ListedShow]:
        """Return the shows of the list, each with what it is at TVmaze; asks only for what is not kept."""
        facts = self._kept.load_facts()
        try:
            self._update_pairs(facts, believes=False)
        finally:
            self._kept.save_facts(facts)
        first = {each.show.id: each.first for each in self._kept.load_schedule() or ()}
        return [_list_show(key, show, facts, first) for key, show in self._shows.items()]

    def find_zone(self) -> None:
        """Return None: an imported list does not say in what zone its owner is."""

    def fetch_activity(self) -> None:
        """Return None: TVmaze knows nothing about the user."""

    def mark_watched(self, airings: Collection[Airing]) -> list[Airing]:
        """Return *airings* as they are: TVmaze knows nothing about the user."""
        return list(airings)

    def _update_pairs(self, facts: Facts, *, believes: bool) -> frozenset[str]:
        """Match the list with the schedule where either is new; return the keys of shows that a doubtful one lacks.

        With *believes* no schedule is doubtful.
        """
        list_hash = self._hash_list()
        is_due = not 0 <= self._now - facts.schedule_at < DAY
        if not is_due and list_hash == facts.matched:
            return frozenset()
        schedule = None if is_due else self._kept.load_schedule()
        missed: frozenset[str] = frozenset()
        if schedule is None:
            schedule = read_schedule(self._client.get("/schedule/full"))
            missed = frozenset() if believes else _find_missed(facts, schedule)
            if not schedule and not missed:
                raise BrokenAnswer("TVmaze's schedule is empty.")
            if not missed:
                self._kept.save_schedule(schedule)
                facts.schedule_at = self._now
        self._match(facts, {each.show.id: each for each in schedule}, is_whole=not missed)
        facts.matched = list_hash
        return missed

    def _match(self, facts: Facts, scheduled: Mapping[int, ScheduledShow], *, is_whole: bool) -> None:
        """Learn from the *scheduled* shows which show is which, and what it is like."""
        known = {number: each.show for number, each in facts.shows.items()}
        known |= {number: each.show for number, each in scheduled.items()}
        matches = match_shows(self._shows, known.values(), choices=self._choices, learnt=facts.learnt)
        self._warn_of_new(matches, facts)
        facts.gone = {
            number: gone_at
            for number, gone_at in facts.gone.items()
            if number not in scheduled and self._now < gone_at + GONE_FOR
        }
        facts.pairs = {
            key: here for key, numbers in matches.pairs.items() if (here := [n for n in numbers if n not in facts.gone])
        }
        facts.learnt |= {key: list(numbers) for key, numbers in matches.learnt.items() if key in facts.pairs}
        facts.clashes, facts.off = dict(matches.clashes), sorted(matches.off)
        numbers = {number for pairs in (facts.pairs, facts.learnt) for each in pairs.values() for number in each}
        facts.shows = {
            number: facts.shows.get(number) or KnownShow(known.get(number) or ShowWire(number)) for number in numbers
        }
        for number, show in facts.shows.items():
            if number in scheduled:
                show.show, show.specials = scheduled[number].show, scheduled[number].specials
                self._note_change(show, show.show.updated)
            if is_whole:
                show.is_scheduled = number in scheduled
        self._kept.delete_others(facts.shows)

    def _warn_of_new(self, matches: Matches, facts: Facts) -> None:
        """Say which shows clash that did not before, and which names in `[shows]` have no effect."""
        for key in matches.clashes.keys() - facts.clashes.keys():
            log.warning(
                "%s is left out: %s. Say which in [shows] of the settings. See: trakt-ical shows",
                self._shows[key].title,
                matches.clashes[key],
            )
        for name in matches.unknown:
            log.warning("[shows] in the settings names %s.", name)

    def _note_changes(self, facts: Facts) -> None:
        """Note which of the paired shows changed since TVmaze was asked for that the last time."""
        since = self._now - facts.changes_at
        if 0 <= since < HOUR:
            return
        was_read = [number for number in facts.numbers if facts.shows[number].read_at]
        period = next((name for name, reach in PERIODS.items() if 0 <= since < reach), "")
        if was_read and period:
            changes = self._client.get("/updates/shows", {"since": period}).decode(dict[str, object])
            for number in was_read:
                changed_at = changes.get(str(number))
                if isinstance(changed_at, int):
                    self._note_change(facts.shows[number], changed_at)
        elif was_read:
            for number in was_read:  # no answer reaches back so far
                facts.shows[number].read_at = 0
        facts.changes_at = self._now

    def _note_change(self, known: KnownShow, changed_at: int) -> None:
        # One that is yet to come is a slip, and would have the show read again and again until then.
        known.changed_at = max(known.changed_at, min(changed_at, self._now))

    def _is_due(self, known: KnownShow, number: int) -> bool:
        """Whether the episodes of a show are to be read again."""
        # A copy of an answer may be an hour old on its way here. So one that was read within an hour of the change may
        # lack it, and is read once more.
        is_old = not known.read_at or known.read_at < known.changed_at + HOUR
        return is_old or not self._kept.has_episodes(number)

    def _fetch_episodes(self, facts: Facts, number: int) -> None:
        """Ask for the episodes of the show *number*, and for the show itself where nothing is known of it."""
        found = self._get_following_merges(number, "/episodes")
        if found is None:
            self._forget(facts, number)
            return
        current, answer = found
        if current != number:
            _replace_number(facts, number, current)
        known = facts.shows[current]
        if known.show.name is None and (about := self._get_following_merges(current, "")):
            known.show = about[1].decode(ShowWire)
        self._kept.save_episodes(current, bytes(answer.body))
        known.read_at = self._now

    def _get_following_merges(self, number: int, part: str) -> tuple[int, Answer] | None:
        """Return what TVmaze answers about the show *number*, and its number now; None where there is no such show.

        Where two entries were one show, TVmaze leads from one to the other. No other redirect is followed.
        """
        for _ in range(MOST_MERGES):
            answer = self._client.get(f"/shows/{number}{part}", expected=(MOVED, NOT_FOUND))
            if answer.status == NOT_FOUND:
                return None
            if answer.status != MOVED:
                return number, answer
            number = self._read_merge(answer, number)
        raise BrokenAnswer("TVmaze leads from one merged show to the next without an end.")

    def _read_merge(self, answer: Answer, number: int) -> int:
        """Return the show that *number* was merged into. Raises Refused for any other redirect."""
        here = urlsplit(self._url)
        try:
            place = urlsplit(urljoin(self._url, answer.headers.get("Location", "")))
        except ValueError:
            place = here
        found = _SHOW_PATH.fullmatch(place.path.removeprefix(here.path.rstrip("/")))
        if found is None or place[:2] != here[:2] or int(found[1]) == number:
            error = statuses.make_error(answer.status, answer.headers, answer.body, server=SERVER)
            raise error or BrokenAnswer("TVmaze redirects to nowhere.")
        return int(found[1])

    def _forget(self, facts: Facts, number: int) -> None:
        """Forget all pairs with the show *number*, which TVmaze does not have; say so once."""
        for pairs in (facts.pairs, facts.learnt):
            for key in [key for key, numbers in pairs.items() if number in numbers]:
                pairs[key] = [each for each in pairs[key] if each != number]
                if not pairs[key]:
                    del pairs[key]
        title = facts.shows.pop(number).show.name or f"tvmaze:{number}"
        if number not in facts.gone:
            log.warning("TVmaze no longer has the show %s. Its events stay as they are.", title)
        facts.gone[number] = self._now


def _find_missed(facts: Facts, schedule: Sequence[ScheduledShow]) -> frozenset[str]:
    """Return the keys of shows that the last schedule listed, where this one lacks too many of those to be believed.

    A show leaves the schedule after its last episode, and never most of them at once.
    """
    before = {number for number in facts.numbers if facts.shows[number].is_scheduled}
    missed = before - {each.show.id for each in schedule}
    if not (missed == before and len(before) >= FEWEST_OF_ALL) and not (
        len(before) >= FEWEST_OF_HALF and 2 * len(missed) > len(before)
    ):
        return frozenset()
    log.warning("TVmaze's schedule lacks %d of your %d shows that it listed before.", len(missed), len(before))
    return frozenset(
        make_show_key(key, numbers[0]) for key, numbers in facts.pairs.items() if not missed.isdisjoint(numbers)
    )


def _replace_number(facts: Facts, old: int, new: int) -> None:
    """Put the show *new* in place of *old*, which was merged into it."""
    log.debug("TVmaze merged the show %d into %d.", old, new)
    for pairs in (facts.pairs, facts.learnt):
        for key, numbers in pairs.items():
            pairs[key] = list(dict.fromkeys(new if number == old else number for number in numbers))
    merged = facts.shows.pop(old)
    merged.show.id = new
    facts.shows.setdefault(new, merged)


def _list_show(key: str, show: ImportedShow, facts: Facts, first: Mapping[int, str]) -> ListedShow:
    numbers = facts.pairs.get(key, ())
    names = [facts.shows[number].show.name for number in numbers]
    days = sorted(day for number in numbers if (day := first.get(number)))
    return ListedShow(
        key,
        show,
        tuple(numbers),
        next(filter(None, names), ""),
        facts.clashes.get(key, ""),
        days[0] if days else "",
        key in facts.off,
    )


@contextlib.contextmanager
def open_source(connection: Connection) -> Iterator[SourceTvmaze]:
    """Open the calendar of the connection's imported list."""
    if connection.imported is None:
        raise SettingsError("TVmaze needs a list of shows. Run: trakt-ical import FILE")
    kept = KeptAnswers(connection.facts, connection.folder)
    with open_client(connection) as client:
        yield SourceTvmaze(
            client,
            kept,
            connection.imported,
            url=connection.url,
            choices=connection.choices,
            now=connection.now(),
            kept_only=connection.kept_only,
        )


def open_client(connection: Connection) -> Client:
    """Return a client for the server of *connection*, paced together with all others of this computer."""
    pacer = Pacer(connection.folder.parent / "tvmaze-requests.json", most=MOST, span=SPAN, now=connection.now)
    return connection.open_client({}, keep=False, server=SERVER, pacer=pacer)


def ask_least(connection: Connection) -> Answer:
    """Return the answer to a small request: what changed in a day."""
    with open_client(connection) as client:
        return client.get("/updates/shows", {"since": "day"})


def read_kept_titles(bodies: Iterable[bytes], *, movies: bool) -> Iterator[KeptTitle]:  # noqa: ARG001  the seam's form
    """Return nothing: titles are those of the list."""
    yield from ()

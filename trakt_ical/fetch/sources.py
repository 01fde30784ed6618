"""The seam of sources: what a source is asked, what it answers, what it can do, and the table of all sources.

To add a source, write one folder beside `v1/` and `v2/` and add one entry to `SOURCES`.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import importlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import msgspec

from trakt_ical.model import Airing, DateRange, EpisodeKind, OddEntry
from trakt_ical.trakt.reach import JOB, KeptOnly, Patience

if TYPE_CHECKING:
    from requests.auth import AuthBase

    from trakt_ical.fetch.imported.imported_list import ImportedList
    from trakt_ical.trakt.client import Answer, Client

KINDS = ("shows", "new", "premieres", "finales", "movies", "streaming", "dvd")

PUBLIC_CLIENT_ID = ""
"""The client_id of an app at Trakt for everybody who has none of their own; "" as long as there is no such app.

Only a maintainer can fill it, after registering the app with a VIP membership, and asking Trakt whether a program that
people run themselves may share one. It is no secret: Trakt calls it public, and a login by device code needs no more.
"""

SHORTEST_RUNTIME = 2  # minutes; 0 and 1 are placeholders for a runtime that nobody knows
LONGEST_RUNTIME = 7 * 24 * 60  # minutes; a longer one is a slip

Progress = Callable[[int, int], object]
"""Hears how many requests are done, of how many."""


def ignore_progress(done: int, of: int) -> None:
    """Show nothing: nobody waits, or not long enough."""


class FetchRequest(msgspec.Struct, frozen=True):
    """What several calendars together need from one source.

    *days*: the days of each kind of calendar. *watched*, *watchlist*: whether it matters what the user watched, and
    put on the watchlist; without *needs_marks* that is only shown, so its lack costs a warning. *countries*: whose
    release dates matter, by the kind of movies. *steps*: whether each airing records how its moment was found.
    *accepts_loss*: the user believes answers that lost most of what they had.
    """

    days: Mapping[str, DateRange]
    watched: bool = False
    watchlist: bool = False
    needs_marks: bool = True
    countries: Mapping[str, frozenset[str]] = msgspec.field(default_factory=dict)
    steps: bool = False
    accepts_loss: bool = False


class Fetched(msgspec.Struct, frozen=True):
    """What a source lists: *airings* by the kind of calendar, in any order, doubles and hidden ones included.

    *hidden*, *dropped*: the keys of the shows and movies that the user hid or dropped. *odd*: the entries that could
    not be read, by the kind of calendar. *ranges*: the days of UTC that one answer each was for, where there were
    several of a kind. *unread*: the keys of shows of which nothing is known, so that none of their airings is missing.
    *missed*: the keys of shows that a doubtful answer lacks, although others still list their airings.
    """

    airings: Mapping[str, Sequence[Airing]]
    hidden: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    odd: Mapping[str, Collection[OddEntry]] = msgspec.field(default_factory=dict)
    ranges: Mapping[str, Sequence[DateRange]] = msgspec.field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    missed: frozenset[str] = frozenset()


class KeptTitle(NamedTuple):
    """A show or movie in a kept answer; *slug* is its name in addresses. None: the answer does not say."""

    slug: str | None
    title: str | None


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """All that an adapter is opened with, as plain values.

    *calendar*: the user's own (`my`) or the world's (`all`). *owner*: whose own it is. *signer* proves who asks; None
    where nobody needs to. Answers are kept in *folder*, and not asked for again while they are younger than *max_age*;
    what later runs rely on is kept in *facts*, which outlives the answers. *secrets* never appear in an error or the
    log. *timeout*: seconds to connect and between two reads. *run_limit*: seconds for all requests together; 0: none.
    *patience*: how often a request is sent again. With *kept_only* none is sent: kept answers serve, however old.
    *imported*: the list of shows, for a source that goes by one; *choices*: what the user says that these shows are.
    """

    url: str
    calendar: str
    folder: Path
    facts: Path
    max_age: timedelta
    signer: AuthBase | None
    now: Callable[[], datetime]
    sleep: Callable[[float], object] | None
    timeout: tuple[float, float] | None
    secrets: Collection[str] = ()
    client_id: str = ""
    api_key: str = ""
    username: str = ""
    password: str = ""
    owner: str = ""
    run_limit: float = 0
    patience: Patience = JOB
    kept_only: KeptOnly | None = None
    imported: ImportedList | None = None
    choices: Mapping[str, str] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Connection({self.url!r})"  # a traceback shows no secret

    def open_client(self, headers: Mapping[str, str], *, keep: bool = True, **options: Any) -> Client:
        """Return a client that sends *headers* with each request; with *keep* its answers are kept.

        *options* are more of what a client takes.
        """
        from trakt_ical.trakt.client import Client  # takes longer to import than `--version` may take

        return Client(
            self.url,
            headers=headers,
            auth=None if self.kept_only else self.signer,
            cache_folder=self.folder if keep else None,
            max_age=self.max_age,
            secrets=self.secrets,
            now=self.now,
            sleep=self.sleep,
            timeout=self.timeout,
            run_limit=self.run_limit,
            patience=self.patience,
            kept_only=self.kept_only,
            **options,
        )


class Answers(Protocol):
    """What a source answered to a request, not yet decoded: decoding takes longer than to see that nothing changed."""

    @property
    def digest(self) -> str:
        """A hash of everything that `read` depends on; "" where something of it is not known yet."""
        ...

    def read(self) -> Fetched:
        """Decode the answers, once. Raises TraktIcalError where one is broken."""
        ...


def hash_answers(parts: Iterable[bytes | bytearray]) -> str:
    """Return the hash of answers, given part by part."""
    found = hashlib.sha256()  # with the instructions that processors have for it, twice as fast as others
    for part in parts:
        found.update(b"%d:" % len(part))  # else the end of one part could pass for the beginning of the next one
        found.update(part)
    return found.hexdigest()


class Source(Protocol):
    """Where airings come from, open for one run and one account. Each method raises TraktIcalError."""

    def ask(self, request: FetchRequest, progress: Progress) -> Answers:
        """Ask for what airs on the days of *request*, and may air around them."""
        ...

    def fetch(self, request: FetchRequest, progress: Progress) -> Fetched:
        """Ask, and read the answers at once."""
        ...

    def find_zone(self) -> tzinfo | None:
        """Return the account's time zone, None where the source has none or does not say."""
        ...

    def fetch_activity(self) -> str | None:
        """Return what the account did last, as a text that changes with it; None where the source does not say."""
        ...

    def mark_watched(self, airings: Collection[Airing]) -> list[Airing]:
        """Return *airings*, each with whether the user has watched it by now."""
        ...


class Adapter(Protocol):
    """The module of a source, which `SOURCES` names."""

    def open_source(self, connection: Connection) -> AbstractContextManager[Source]:
        """Open the source."""
        ...

    def ask_least(self, connection: Connection) -> Answer:
        """Return the answer to a small request that is refused where the login is. Raises TraktIcalError."""
        ...

    def read_kept_titles(self, bodies: Iterable[bytes], *, movies: bool) -> Iterator[KeptTitle]:
        """Return the shows, or *movies*, in the *bodies* of kept answers; those of other requests are skipped."""
        ...


class CheckInAdapter(Protocol):
    """The module of a source's check-ins, which `SOURCES` names."""

    def open_api(self, connection: Connection) -> AbstractContextManager[Any]:
        """Open the check-ins, a `CheckInApi` of the room `checkin`, which stands above this one."""
        ...


class LoginMethod(enum.Enum):
    """How a source learns who asks."""

    DEVICE_CODE = "device code"
    PASSWORD = "password"  # noqa: S105  the name of a method
    NONE = "none"


class CheckInAbilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the check-ins of a source can do, known without asking it.

    *networks*: where a check-in can be shared. *longest_message*: characters after which Trakt cuts a message, None
    where it does not. *takes_details*: whether a check-in may have a duration, a venue and an episode's number at TVDB.
    *title_ids*: the ids by one of which a check-in can name a show or movie. *search_ids*: those that a search knows.
    """

    networks: tuple[str, ...]
    title_ids: tuple[str, ...]
    search_ids: tuple[str, ...]
    longest_message: int | None = None
    takes_details: bool = False


CHECK_IN_V2 = CheckInAbilities(
    networks=("twitter", "mastodon", "tumblr"),
    title_ids=("trakt",),  # by others the server would have to guess
    search_ids=("trakt", "imdb", "tvdb", "tmdb"),
)
CHECK_IN_V1 = CheckInAbilities(
    networks=("facebook", "twitter", "tumblr"),
    title_ids=("tvdb", "imdb", "slug"),
    search_ids=("tvdb", "imdb", "tmdb"),
    longest_message=100,
    takes_details=True,
)


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a source can do. `config` refuses settings that need more, in words that begin with *name*.

    *kinds*: the calendars that it has. *has_world_calendar*: whether one of them lists what airs for everybody.
    *knows_languages*: whether it says what language a show is in. *dates_by_country*: whether it has the release dates
    of movies in single countries. *rates_by_user*: whether ratings are the user's own. *needs_list*: whether it goes by
    an imported list of shows. *check_in*: what its check-ins can do, None where it has none. *server*: who answers, as
    people know it; *credit*: what its licence asks to be said, "" for nothing, and where the words in it lead.
    """

    name: str
    login: LoginMethod
    kinds: Collection[str] = KINDS
    has_world_calendar: bool = False
    knows_languages: bool = False
    dates_by_country: bool = False
    knows_certifications: bool = True
    rates_by_user: bool = False
    needs_list: bool = False
    check_in: CheckInAbilities | None = None
    server: str = "Trakt"
    credit: str = ""
    credit_links: Mapping[str, str] = msgspec.field(default_factory=dict)


WITH_APP = 'With an API app at Trakt, which needs a VIP membership, api = "v2" can.'
"""What a source that stands for API v2 says where it cannot do something."""


class SourceEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One source in the table.

    *adapter* and *check_in* ("" where it has no check-in) are modules, imported only when they are needed: they take
    longer to import than `trakt-ical --version` may take. *url*: the server, where the settings name none. *required*:
    settings that must have a value. *public_client_id* serves where the settings have none. *stands_for*: the source
    whose calendars these are, "" for its own: people may change between the two, and keep calendars and addresses.
    """

    adapter: str
    check_in: str
    url: str
    required: tuple[str, ...]
    capabilities: Capabilities
    public_client_id: str = ""
    stands_for: str = ""

    def load_adapter(self) -> Adapter:
        """Return the source's module."""
        return cast(Adapter, importlib.import_module(self.adapter))

    def load_check_in(self) -> CheckInAdapter:
        """Return the module of the source's check-ins, which `Capabilities.check_in` says that it has."""
        return cast(CheckInAdapter, importlib.import_module(self.check_in))


SOURCES: Mapping[str, SourceEntry] = {
    "v2": SourceEntry(
        adapter="trakt_ical.fetch.v2.source",
        check_in="trakt_ical.checkin.v2",
        url="https://api.trakt.tv",
        required=("client_id",),
        capabilities=Capabilities(
            name="API v2",
            login=LoginMethod.DEVICE_CODE,
            has_world_calendar=True,
            knows_languages=True,
            dates_by_country=True,
            check_in=CHECK_IN_V2,
        ),
        public_client_id=PUBLIC_CLIENT_ID,
    ),
    "v1": SourceEntry(
        adapter="trakt_ical.fetch.v1.source",
        check_in="trakt_ical.checkin.v1",
        url="",  # Trakt's own server of API v1 was switched off in 2014
        required=("api_url", "api_key", "owner"),
        capabilities=Capabilities(
            name="API v1",
            login=LoginMethod.PASSWORD,
            kinds=("shows",),
            rates_by_user=True,
            check_in=CHECK_IN_V1,
        ),
    ),
    "tvmaze": SourceEntry(
        adapter="trakt_ical.fetch.tvmaze.source",
        check_in="",
        url="https://api.tvmaze.com",
        required=(),
        capabilities=Capabilities(
            name="TVmaze",
            login=LoginMethod.NONE,
            kinds=("shows", "new", "premieres"),
            knows_languages=True,
            knows_certifications=False,
            needs_list=True,
            server="TVmaze",
            credit="Air times: TVmaze, CC BY-SA 4.0",
            credit_links={
                "TVmaze": "https://www.tvmaze.com",
                "CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
            },
        ),
        stands_for="v2",
    ),
}
"""Every source by the name that the setting `api` has for it."""


def find_kind(season: int, number: int) -> EpisodeKind:
    """Return what an episode is to its season by its number, where the source does not say. Finales stay unknown.

    Trakt's own calendar/premieres in v1 goes by the number too: it lists every first episode.
    """
    if number != 1 or season == 0:
        return EpisodeKind.STANDARD
    return EpisodeKind.SERIES_PREMIERE if season == 1 else EpisodeKind.SEASON_PREMIERE


@functools.lru_cache(maxsize=256)  # few lengths for thousands of entries
def parse_runtime(minutes: int | None) -> timedelta | None:
    """Return *minutes* as a span, None where nobody knows."""
    return timedelta(minutes=minutes) if minutes and SHORTEST_RUNTIME <= minutes <= LONGEST_RUNTIME else None

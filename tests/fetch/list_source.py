"""A source as small as one can be: a list of one airing, without a server, a login or a check-in."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator

from tests.factories import make_episode
from trakt_ical.fetch.sources import (
    Capabilities,
    Connection,
    Fetched,
    FetchRequest,
    KeptTitle,
    LoginMethod,
    Progress,
    SourceEntry,
)
from trakt_ical.model import Airing

ENTRY = SourceEntry(
    adapter=__name__,
    check_in="",
    url="",
    required=(),
    capabilities=Capabilities(name="A list", login=LoginMethod.NONE, kinds=("shows",)),
)


class ListAnswers:
    """The list, which needs no decoding."""

    digest = "always the same"

    def read(self) -> Fetched:
        """Return the one airing."""
        return Fetched({"shows": [make_episode()]})


class ListSource:
    """The list as a source."""

    def ask(self, request: FetchRequest, progress: Progress) -> ListAnswers:
        """Return the list."""
        progress(1, 1)
        return ListAnswers()

    def fetch(self, request: FetchRequest, progress: Progress) -> Fetched:
        """Return what is on the list."""
        return self.ask(request, progress).read()

    def find_zone(self) -> None:
        """Return None."""

    def fetch_activity(self) -> None:
        """Return None."""

    def mark_watched(self, airings: Collection[Airing]) -> list[Airing]:
        """Return *airings* as they are."""
        return list(airings)


@contextlib.contextmanager
def open_source(connection: Connection) -> Iterator[ListSource]:
    """Open the list."""
    yield ListSource()


def read_kept_titles(bodies: Iterable[bytes], *, movies: bool) -> Iterator[KeptTitle]:
    """Return nothing: no answers are kept."""
    yield from ()

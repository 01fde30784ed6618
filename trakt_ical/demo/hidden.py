"""The shows a user has hidden, by section, as `/users/hidden` lists them."""

from collections.abc import Callable
from datetime import datetime

from trakt_ical.demo.show import Cast
from trakt_ical.demo.state import Store

SECTIONS = ("calendar", "dropped")
DAY = 86_400  # seconds


class Hidden:
    """Slugs of shows in the sections that can hold them."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def hide(self, slug: str, section: str) -> None:
        """Put a show into a section."""
        if section not in SECTIONS:
            raise LookupError(f"There is no hidden section {section}.")
        now = int(self._clock().timestamp())
        with self._store.changing() as state:
            state.hidden.setdefault(section, {})[slug] = now
            state.hidden_changes[section] = now

    def unhide(self, slug: str) -> None:
        """Take a show out of every section."""
        now = int(self._clock().timestamp())
        with self._store.changing() as state:
            for section, shows in state.hidden.items():
                if shows.pop(slug, None) is not None:
                    state.hidden_changes[section] = now

    def listed(self, section: str) -> list[tuple[str, int]]:
        """The slugs of one section and since when, in the order they were hidden."""
        with self._store.reading() as state:
            return sorted(state.hidden.get(section, {}).items(), key=lambda entry: entry[1])

    def changed_at(self, section: str) -> int:
        """When a section last changed."""
        with self._store.reading() as state:
            return state.hidden_changes.get(section, state.watched_until)


def first_hidden(cast: Cast, until: int) -> dict[str, dict[str, int]]:
    """What is hidden at a first start, one entry a day; what airs comes last."""
    hidden: dict[str, dict[str, int]] = {}
    for section in SECTIONS:
        slugs = [show.slug for show in reversed(cast.shows) if section in show.hidden_in]
        hidden[section] = {slug: until - DAY * (99 - age) for age, slug in enumerate(slugs)}
    return hidden

"""What the answers of the built-in Trakt are made from."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

from trakt_ical.demo.account import Account, make_first_state
from trakt_ical.demo.airings import Catalogue
from trakt_ical.demo.auth import Auth
from trakt_ical.demo.cast import Cast
from trakt_ical.demo.state import StateFile


class Backend:
    """One small Trakt: what it lists, its user as *state_file* remembers it, who may ask, and its clock."""

    def __init__(self, cast: Cast, clock: Callable[[], datetime], state_file: Path | None, interval: int) -> None:
        self.clock = clock
        self.catalogue = Catalogue(cast, clock)
        self.state = StateFile(state_file, partial(make_first_state, self.catalogue, clock()))
        self.account = Account(self.state, clock)
        self.auth = Auth(self.state, clock, interval)

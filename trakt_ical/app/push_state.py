"""What is known of the calendars on CalDAV servers: a cache of what is there, and how the last push ended."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from trakt_ical.export.mirror import MirroredEvent
from trakt_ical.export.stores.protocol import Failure, Instant
from trakt_ical.files import JsonFile

if TYPE_CHECKING:
    from trakt_ical.app.context import App
    from trakt_ical.config import PushTarget

READ_BACK_AFTER = timedelta(days=1)


class PushState(msgspec.Struct, kw_only=True):
    """What is known of the calendar on the server of the push *name*, and when it was last pushed to.

    *collection*: its address. *events*: what is there, by UID; *taken* and *refused*: the titles of those that the
    server did not take, see `PushResult`. *read_at*: when that was read back; None where it must be read before use.
    """

    name: str
    collection: str = ""
    events: dict[str, MirroredEvent] = {}
    taken: dict[str, str] = {}
    refused: dict[str, str] = {}
    read_at: Instant | None = None
    last_success: Instant | None = None
    last_change: Instant | None = None
    failure: Failure | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether what is known still counts at *now*."""
        return self.read_at is not None and timedelta(0) <= now - self.read_at < READ_BACK_AFTER


def open_push_state(app: App, target: PushTarget) -> JsonFile[PushState]:
    """Return the file of what is known of *target*. Another server, user, calendar or settings file is another file."""
    # Two people may have settings files in one home; what one of them sent is not the other one's.
    text = "\n".join((target.name, target.url, target.username, target.calendar, app.settings_file))
    name = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
    return JsonFile(app.folders.state / "push" / f"{name}.json", PushState, "file of a push")

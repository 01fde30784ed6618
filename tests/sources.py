"""What a Trakt at some address lists, fetched as an export does."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from trakt_ical.fetch.sources import FetchRequest
from trakt_ical.fetch.v2.source import SourceV2
from trakt_ical.model import Airing, DateRange
from trakt_ical.trakt.client import Client


def fetch_shows(client: Client, days: DateRange) -> list[Airing]:
    """Return what the world's calendar of shows lists on *days*."""
    with tempfile.TemporaryDirectory() as folder:
        source = SourceV2(client, calendar="all", folder=Path(folder), now=datetime(2026, 4, 18, tzinfo=UTC))
        return list(source.fetch(FetchRequest({"shows": days})).airings["shows"])

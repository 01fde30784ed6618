"""What an export cannot do without, as a peer: imports, answers, typed decoding, a hash per event, a written file.

`remember` starts it with the file to write and the addresses to ask.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click  # noqa: F401  only what importing it takes
import icalendar  # noqa: F401  only what importing it takes
import msgspec
import requests

from trakt_ical.fetch.v2.wire import EpisodeEntry


def main(output: str, urls: list[str]) -> None:
    """Write a hash for each entry that the answers of *urls* list to the file *output*."""
    hashes = []
    with requests.Session() as session:
        for url in urls:
            for entry in msgspec.json.decode(session.get(url, timeout=60).content, type=list[EpisodeEntry]):
                shown = f"{entry.show.title}{entry.episode.title}{entry.episode.overview}{entry.first_aired}"
                hashes.append(hashlib.blake2b(shown.encode(), digest_size=8).hexdigest())
    Path(output).write_text("\n".join(hashes), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

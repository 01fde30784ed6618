"""`trakt-ical agenda` while Trakt cannot be reached, against `agenda` with answers that are young.

    python -m tests.benchmarks.offline [ROUNDS]

The answers are three hours old. Trakt's port refuses connections, its name is unknown, or it accepts connections and
never answers. Limit: at most 3 times `agenda` with young answers.
"""

from __future__ import annotations

import functools
import json
import os
import socket
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from tests.benchmarks.account import make_home
from tests.benchmarks.measure import COMMAND, at_most, milliseconds, print_lines, run_process, seconds, take_turns
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.demo import Demo, Request
from trakt_ical.trakt.cache import AnswerFiles

LIMIT = 3
OLD = timedelta(hours=3)
AGENDA = [COMMAND, "-q", "agenda"]
WEEK = 604_800  # seconds; how long a token is good for


def main(rounds: int) -> None:
    """Measure and tell."""
    with ExitStack() as stack:
        demo = stack.enter_context(Demo())
        hole = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        with socket.create_server(("127.0.0.1", 0)) as closed:
            refusing = closed.getsockname()[1]
        urls = {
            "young answers": demo.url,
            "connection refused": f"http://127.0.0.1:{refusing}",
            "unknown host": "http://trakt.invalid",
            "no answer": f"http://127.0.0.1:{hole.getsockname()[1]}",
        }
        environs = {}
        for name, url in urls.items():
            environs[name] = stack.enter_context(make_home(url)) | {
                "TRAKT_ICAL_PLAIN_HTTP": "true",
                "TRAKT_ICAL_CLIENT_ID": demo.client_id,
            }
            log_in(demo, Path(environs[name]["TRAKT_ICAL_TOKEN_FILE"]))
        run_process(AGENDA, environs["young answers"])
        asked = list(demo.requests)
        for name, url in list(urls.items())[1:]:
            copy_answers(asked, urls["young answers"], environs["young answers"], url, environs[name])
        measures = {name: functools.partial(run_process, AGENDA, environ) for name, environ in environs.items()}
        medians = {name: seconds(costs) for name, costs in take_turns(measures, rounds).items()}
    young = medians["young answers"]
    print_lines(
        f"agenda while Trakt cannot be reached, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(figure)}" for name, figure in medians.items()),
        *(at_most(f"{name} / young answers", medians[name] / young, LIMIT) for name in list(urls)[1:]),
    )


def log_in(demo: Demo, file: Path) -> None:
    """Put a login at *demo* into the token *file*."""
    token = demo.grant() | {"username": demo.username, "created_at": int(time.time()), "expires_in": WEEK}
    file.write_text(json.dumps(token), encoding="utf-8")


def copy_answers(asked: list[Request], url: str, environ: dict[str, str], other: str, there: dict[str, str]) -> None:
    """Keep what the server at *url* was *asked* and answered as old answers of an *other* one."""
    kept, copies = open_answers(environ), open_answers(there)
    for request in asked:
        address = request.path + ("?" + urlencode(request.query) if request.query else "")
        if request.method == "GET" and (found := kept.load(url + address)):
            copies.save(other + address, found[0], datetime.now(UTC) - OLD)


def open_answers(environ: dict[str, str]) -> AnswerFiles:
    """Open the answer cache of the account of *environ*."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = environ[name]
    with open_app({}, demo=False, environment=Environment(environ=environ)) as app:
        return AnswerFiles(app.find_answers_folder("my"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)

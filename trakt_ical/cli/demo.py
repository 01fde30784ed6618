"""`trakt-ical demo`: the built-in Trakt as a server for other programs."""

from __future__ import annotations

import gc
import json
import signal
import threading
from shlex import quote

import click

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run
from trakt_ical.cli.terminal import write_line


@click.command("demo", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0 chooses a free one.")
@click.option("--json", "as_json", is_flag=True, help="Print the variables as JSON, in one line.")
@click.pass_obj
def command(run: Run, /, port: int, as_json: bool) -> None:
    """Run the built-in Trakt as a server until you press Ctrl-C.

    It prints the environment variables with which trakt-ical, or another program, uses it. It can also imitate
    failures: see docs/demo.md.
    """
    from trakt_ical.app.context import run_demo_server
    from trakt_ical.app.environment import find_folders
    from trakt_ical.config import PREFIX

    gc.enable()  # `main` turned it off, for short runs; a server would grow
    ended = threading.Event()
    folders = find_folders(run.home, run.environment.environ, demo=True)
    with run_demo_server(folders, run.environment, port) as account:
        variables = {PREFIX + name.upper(): value for name, value in account.items()}
        if as_json:
            write_line(json.dumps(variables, ensure_ascii=False))
        else:
            for name, value in variables.items():
                write_line(f"export {name}={quote(value)}")
        run.say(f"The built-in Trakt runs at {account['api_url']}. Press Ctrl-C to stop it.")
        # Python ends at once on SIGTERM, without leaving `with`: requests would be cut off, the status would be 143.
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        try:
            ended.wait()
        except KeyboardInterrupt:
            run.say("Stopped.")

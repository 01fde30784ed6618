"""The command line: one module per command, imported when the command runs."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys

import click

import trakt_ical
from trakt_ical.cli.command import make_general_options, make_json_option
from trakt_ical.cli.terminal import describe_stdout_error, write_note
from trakt_ical.wording import COMMANDS, suggest_nearest


class Commands(click.Group):
    """The group of all commands; it imports the module of a command when that command runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names in the order of the help: most used first, not by the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        # Imported now: the modules of all commands would double the time of `--version`.
        module = "import_" if cmd_name == "import" else cmd_name  # a word of Python's
        command: click.Command = importlib.import_module(f"trakt_ical.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message + suggest_nearest(args[0], self.list_commands(ctx)), ctx) from None


@click.group(
    cls=Commands,
    params=[*make_general_options(), make_json_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(trakt_ical.__version__, "-V", "--version", message="trakt-ical %(version)s")
def cli() -> None:
    """Your Trakt calendar, right to the minute, in any calendar program.

    \b
    Try it without an account:   trakt-ical --demo export
    With your own shows:         trakt-ical setup

    All options except --version may stand before or after the command's name.
    """
    from trakt_ical.app.environment import use_newest_zones  # --version and --help need no time zones

    use_newest_zones()


def main() -> None:
    """The command `trakt-ical`."""
    # A short run makes almost no reference cycles, and looking for them takes time. Servers turn it on again.
    gc.disable()
    if os.getpid() == 1:  # of a container: the system kills the first process by no signal that it does not handle
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.stdout is None:  # it was closed: to write to it must fail also where click would do nothing
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w")  # noqa: SIM115  it is open until the end
    stdout = sys.stdout
    if os.environ.get("_TRAKT_ICAL_COMPLETE", "").startswith("powershell"):
        from trakt_ical.cli.completion import register_powershell

        register_powershell()
    try:
        status = cli.main(standalone_mode=False)
    except click.Abort:
        write_note("Interrupted.")
        os._exit(130)  # a normal exit would wait for threads that still wait for Trakt
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        status = error.exit_code
    except SystemExit as error:
        # Where the reader of --help has read enough, as `head` has, click takes stdout away and ends with 1.
        status = error.code if sys.stdout is stdout else 0
    except OSError as error:  # of stdout only: --help and --version; every other OSError is handled where it occurs
        sys.stdout = None
        write_note(f"Error: {describe_stdout_error(error)}")
        status = 6
    # As it ends, Python looks for cycles once more, in all that was imported: a tenth of the time of a short run.
    gc.freeze()
    sys.exit(status if isinstance(status, int) else 0)

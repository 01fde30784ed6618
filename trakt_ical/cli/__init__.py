"""The command line: one module per command, imported when its command is asked for."""

from __future__ import annotations

import contextlib
import gc
import os
import sys

import click

import trakt_ical
from trakt_ical.cli.terminal import write_note


class Commands(click.Group):
    """A group that finds a command in the module of its name, and turns our errors into exit statuses."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return [
            *("export", "serve", "feed", "agenda", "explain", "checkin"),
            *("login", "logout", "status", "config", "completion", "demo"),
        ]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        import importlib

        command: click.Command = importlib.import_module(f"trakt_ical.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            raise click.UsageError(error.message + (f" Did you mean {near[0]}?" if near else ""), ctx) from None

    def invoke(self, ctx: click.Context) -> object:
        from trakt_ical.errors import TraktIcalError

        try:
            return super().invoke(ctx)
        except TraktIcalError as error:
            write_note(f"Error: {error}".replace("Run: trakt-ical ", f"Run: {ctx.obj.called} "))
            for candidate in getattr(error, "candidates", ()):
                write_note(f"  {candidate}")
            ctx.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(trakt_ical.__version__, "-V", "--version", message="trakt-ical %(version)s")
@click.option("--demo", is_flag=True, help="Use the built-in Trakt: no account, no network, files of its own.")
@click.option("-v", "--verbose", is_flag=True, help="Show the log.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def cli(ctx: click.Context, demo: bool, verbose: bool, quiet: bool) -> None:
    """Your Trakt calendar, right to the minute, in any calendar program.

    \b
    Try it without an account:   trakt-ical --demo export
    With your own:               trakt-ical login
                                 trakt-ical export -o trakt.ics
    """
    from trakt_ical.cli.run import Run

    if verbose and quiet:
        raise click.UsageError("--verbose and --quiet exclude each other.")
    ctx.obj = Run(demo=demo, verbose=verbose, quiet=quiet, environment=ctx.obj)
    ctx.obj.show_log(ctx)


def main() -> None:
    """The command `trakt-ical`."""
    gc.disable()  # a short run makes next to no circles, and looking for them takes its time; servers turn it on again
    try:
        status = cli.main(standalone_mode=False)
    except click.Abort:
        write_note("Interrupted.")
        os._exit(130)  # threads that still wait for Trakt do not hold up who wants to leave
    except click.ClickException as error:
        with contextlib.suppress(OSError):
            error.show()
        status = error.exit_code
    except OSError as error:  # of stdout alone: what else can fail is told where it does
        sys.stdout = None
        write_note(f"Error: Standard output did not take it all: {error.strerror}.")
        status = 6
    sys.exit(status if isinstance(status, int) else 0)

"""The class of every command: it takes the general options too, and turns errors into exit statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from trakt_ical.cli.terminal import describe_system_error, write_note

if TYPE_CHECKING:
    from trakt_ical.cli.run import Run

META = "trakt_ical"  # the key in click's `Context.meta`, which all contexts of one command line share


def make_general_options(*, hidden: bool = False) -> list[click.Parameter]:
    """Return the options that work before and after a command's name."""
    described = (
        (("--demo",), {"is_flag": True, "help": "Use the built-in Trakt: no account, no network, separate files."}),
        (
            ("--home",),
            {"metavar": "DIR", "help": "Keep all of the program's files in DIR: settings, login, feed, cache."},
        ),
        (("--config",), {"metavar": "FILE", "help": "Read the settings from FILE."}),
        (("-v", "--verbose"), {"is_flag": True, "help": "Show the log: times, requests and what was decided."}),
        (("-q", "--quiet"), {"is_flag": True, "help": "Show errors only."}),
    )
    return [
        click.Option(names, expose_value=False, callback=_keep_value, hidden=hidden, **attributes)
        for names, attributes in described
    ]


def make_json_option(*, hidden: bool = False) -> click.Option:
    """Return `--json` as it stands before the command's name; a command with a table or result has its own."""
    meaning = "Print the result as JSON, where the command prints one."
    return click.Option(
        ("--json",), is_flag=True, help=meaning, expose_value=False, callback=_keep_value, hidden=hidden
    )


def _keep_value(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep a given *value* where the whole command line finds it. Raises click.UsageError for none, or another one."""
    kept = ctx.meta.setdefault(META, {})
    if value == "":  # of a variable that is not set: without a word, the user's own files would be used
        raise click.UsageError(f"--{param.name} needs the name of a file or folder.", ctx)
    if not value:
        return
    if kept.get(param.name, value) != value:
        raise click.UsageError(f"--{param.name} was given twice: {kept[param.name]} and {value}.", ctx)
    kept[param.name] = value


def read_general_options(ctx: click.Context) -> dict[str, Any]:
    """Return the general options given so far, wherever they stand, by their names: `demo`, `home`, `verbose`, …."""
    return dict(ctx.meta.get(META, {}))


class Command(click.Command):
    """A command that also takes the general options after its name."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        # Hidden, since the help of every command would otherwise repeat them; the epilog names them.
        self.params.extend(make_general_options(hidden=True))
        self.epilog = "General options work here too: --demo, --home, --config, -v, -q. See: trakt-ical --help"

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command with its `Run`; one of our errors becomes a line on stderr and its exit status."""
        from trakt_ical.cli.run import show_log  # here and below: `--version` and `--help` need neither
        from trakt_ical.errors import OutputError, TraktIcalError

        run = self._make_run(ctx)
        ctx.obj = run
        with show_log(run):
            try:
                return super().invoke(ctx)
            except TraktIcalError as error:
                for each in (error, *error.others):
                    run.warn(f"Error: {each}")
                    for row in (*each.candidates, *each.excerpt):
                        run.warn(f"  {row}")
                ctx.exit(error.exit_code)
            except (OSError, RuntimeError) as error:
                # Errors of the system are told where they occur. For one that nobody thought of, its own words are
                # better than a traceback.
                if isinstance(error, RuntimeError) and "start new thread" not in str(error):
                    raise
                write_note(f"Error: {describe_system_error(error)}")
                ctx.exit(OutputError.exit_code)

    def _make_run(self, ctx: click.Context) -> Run:
        from trakt_ical.app.environment import Environment
        from trakt_ical.cli.run import Run

        given = read_general_options(ctx)
        if given.get("verbose") and given.get("quiet"):
            raise click.UsageError("--verbose and --quiet exclude each other.", ctx)
        if given.pop("json", False):
            if not any(param.name == "as_json" for param in self.params):
                raise click.UsageError(f"{ctx.command_path} has no --json.", ctx)
            ctx.params["as_json"] = True
        return Run(environment=ctx.find_root().obj or Environment(), **given)


class CommandGroup(click.Group):
    """A command with subcommands; the general options work before and after their names."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params += [*make_general_options(hidden=True), make_json_option(hidden=True)]

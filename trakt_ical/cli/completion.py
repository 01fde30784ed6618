"""`trakt-ical completion`: what makes a shell complete commands, options and the titles of your calendar."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, CompletionItem, FishComplete, ShellComplete, ZshComplete

from trakt_ical.cli.command import Command, read_general_options

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}
VARIABLE = "_TRAKT_ICAL_COMPLETE"  # click's name for the shells' questions


def complete_titles(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the shows, with --movie the movies, whose slug or title begins with *incomplete*; none on any error.

    Slugs are offered because a shell takes them as they are: they have no blanks and no signs that it would obey.
    """
    if ctx.params.get("words"):
        return []
    import logging

    logging.getLogger("trakt_ical").addHandler(logging.NullHandler())  # a warning would stand amid what is typed
    try:
        from trakt_ical.app.completion import complete_title
        from trakt_ical.cli.terminal import strip_controls

        general = read_general_options(ctx)
        flags = {name: ctx.params.get(name) for name in ("account", "api", "api_url")}
        flags |= {name: general.get(name) for name in ("home", "config")}
        demo, movies = general.get("demo", False), bool(ctx.params.get("movie"))
        found = complete_title(incomplete, flags, demo=demo, movies=movies)
        return [CompletionItem(each.slug, help=strip_controls(each.title)) for each in found]
    except Exception:  # whatever it is, a traceback would stand amid what the user is typing
        return []


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> None:
    """Print the script that makes your shell complete commands and titles.

    \b
    bash, in ~/.bashrc:   eval "$(trakt-ical completion bash)"
    zsh, in ~/.zshrc:     eval "$(trakt-ical completion zsh)"
    fish:                 trakt-ical completion fish > ~/.config/fish/completions/trakt-ical.fish
    """
    from trakt_ical.cli.terminal import write_line

    write_line(SHELLS[shell](ctx.find_root().command, {}, "trakt-ical", VARIABLE).source())

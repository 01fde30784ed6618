"""`trakt-ical completion`: what makes a shell complete commands, options and the titles of your calendar."""

from __future__ import annotations

import io
import os
import sys

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from trakt_ical.cli.command import Command, read_general_options
from trakt_ical.cli.terminal import strip_controls, write_line

# The words before the cursor go to the program a line each: a word may have blanks. Without an answer, PowerShell
# completes the names of files.
_POWERSHELL_SCRIPT = """\
Register-ArgumentCompleter -Native -CommandName %(prog_name)s -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = foreach ($element in $commandAst.CommandElements) {
        if ($element.Extent.EndOffset -ge $cursorPosition) { break }
        if ($element -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $element.Value }
        else { $element.Extent.Text }
    }
    $program = $commandAst.GetCommandName()
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        $env:%(complete_var)s = 'powershell_complete'
        $env:COMP_WORDS = $words -join "`n"
        $env:COMP_INCOMPLETE = $wordToComplete
        & $program 2>$null | Where-Object { $_ } | ForEach-Object {
            $value, $meaning = $_ -split "`t", 2
            [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $meaning)
        }
    }
    finally {
        [Console]::OutputEncoding = $encoding
        Remove-Item 'env:%(complete_var)s', 'env:COMP_WORDS', 'env:COMP_INCOMPLETE' -ErrorAction SilentlyContinue
    }
}
"""


class PowerShellComplete(ShellComplete):
    """Completion in PowerShell, which click does not have."""

    name = "powershell"
    source_template = _POWERSHELL_SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is typed, and what there is of that."""
        words = os.environ.get("COMP_WORDS", "").split("\n")
        return words[1:], os.environ.get("COMP_INCOMPLETE", "").strip("'\"")

    def format_completion(self, item: CompletionItem[str]) -> str:
        """Return what PowerShell inserts, and what it shows beside it, which may not be empty."""
        return f"{item.value}\t{item.help or item.value}"

    def complete(self) -> str:
        """Return the answer, a line for each possible word; files are left to PowerShell."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # Windows would write the codes of its language, or fail
        args, incomplete = self.get_completion_args()
        found = self.get_completions(args, incomplete)
        return "\n".join(self.format_completion(item) for item in found if item.type == "plain")


SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
    "powershell": PowerShellComplete,
}
VARIABLE = "_TRAKT_ICAL_COMPLETE"  # click's name for the shells' questions


def register_powershell() -> None:
    """Let click answer PowerShell's questions."""
    add_completion_class(PowerShellComplete)


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
    PowerShell, $PROFILE: trakt-ical completion powershell | Out-String | Invoke-Expression
    """
    write_line(SHELLS[shell](ctx.find_root().command, {}, "trakt-ical", VARIABLE).source())

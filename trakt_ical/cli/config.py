"""`trakt-ical config`: every setting in force, and where its value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from trakt_ical.cli.command import Command
from trakt_ical.cli.run import Run, account_options
from trakt_ical.cli.terminal import write_line

if TYPE_CHECKING:
    from trakt_ical.config import ShownSetting


@click.command("config", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the settings as JSON.")
@account_options
@click.pass_obj
def command(run: Run, /, as_json: bool, **flags: Any) -> None:
    """Show every setting and where its value comes from.

    Secrets are not shown. The last line, on standard error, says where your settings file is or would be.
    """
    from trakt_ical.config import list_settings

    with run.accounts(flags) as accounts:
        listed = list(list_settings(accounts.resolved))
        if as_json:
            import json

            write_line(json.dumps([msgspec.structs.asdict(each) for each in listed], ensure_ascii=False, indent=2))
        else:
            rows = [(_name_setting(each), each) for each in listed]
            name_width = max(len(name) for name, _ in rows)
            value_width = max(len(each.value) for each in listed)
            for name, each in rows:
                write_line(f"{name:{name_width}}  {each.value:{value_width}}  {each.origin}")
        run.say(f"Settings file: {accounts.resolved.file}")


def _name_setting(each: ShownSetting) -> str:
    if each.account:
        return f"account {each.account}: {each.name}"
    return f"{each.calendar}: {each.name}" if each.calendar else each.name

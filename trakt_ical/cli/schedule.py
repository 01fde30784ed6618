"""`trakt-ical schedule`: let this computer keep the calendar up to date by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from trakt_ical.cli.command import CommandGroup
from trakt_ical.cli.run import Run
from trakt_ical.cli.terminal import write_line, write_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from trakt_ical.app.schedulers.plan import Plan, Scheduler, ScheduleStatus

SCHEDULERS = ("systemd", "launchd", "windows", "cron")
HOURS = ("1", "2", "3", "4", "6", "8", "12", "24")  # other numbers would not divide a day


class Chosen(NamedTuple):
    """The *scheduler* that a command is about, and the *name* of the schedule."""

    scheduler: Scheduler
    name: str


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--name", metavar="NAME", help="Name of the schedule. If not given: made of the general options."),
        click.option(
            "--with",
            "kind",
            type=click.Choice(SCHEDULERS),
            help="Scheduler to use. If not given: the best one that this computer has.",
        ),
    ):
        command = option(command)
    return command


def _plan_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--every", type=click.Choice(HOURS), default="6", show_default=True, metavar="HOURS", help="Hours between runs."
    )(_options(command))


@click.group("schedule", cls=CommandGroup)
def command() -> None:
    """Let this computer keep your calendar up to date by itself.

    trakt-ical schedule install starts trakt-ical export every few hours, with the settings of this run.
    """


@command.command("install")
@_plan_options
@click.pass_obj
def install(run: Run, /, kind: str | None, name: str | None, every: str) -> None:
    """Start trakt-ical export every few hours.

    It uses systemd, launchd, the Task Scheduler of Windows or cron, whichever this computer has. What it finds there
    and did not write itself, it leaves alone.
    """
    install_schedule(run, kind=kind, name=name, every=every)


def install_schedule(run: Run, *, kind: str | None = None, name: str | None = None, every: str = "6") -> None:
    """Install the schedule *name* with the scheduler *kind*, and say what it does. Raises TraktIcalError."""
    chosen = _choose(run, kind, name)
    plan = _make_plan(run, chosen, every)
    warn_of_variables(run)
    chosen.scheduler.install(plan)
    status = chosen.scheduler.find_status(chosen.name, run.environment.now())
    run.say(f"Installed: {chosen.name} runs every {every} hours ({chosen.scheduler.name}).")
    for note in status.notes:
        run.say(note)


@command.command("show")
@_plan_options
@click.option("--json", "as_json", is_flag=True, help="Print where each file goes, and its text, as JSON.")
@click.pass_obj
def show(run: Run, /, kind: str | None, name: str | None, every: str, as_json: bool) -> None:
    """Print what install would write, and change nothing."""
    chosen = _choose(run, kind, name)
    files = chosen.scheduler.render(_make_plan(run, chosen, every))
    if as_json:
        rows = [{"place": place, "text": text} for place, text in files.items()]
        write_line(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for place, text in files.items():
        run.say(place)
        write_line(text.rstrip("\n"))


@command.command("remove")
@_options
@click.pass_obj
def remove(run: Run, /, kind: str | None, name: str | None) -> None:
    """Stop it, and remove what install wrote."""
    chosen = _choose(run, kind, name)
    if chosen.scheduler.remove(chosen.name):
        run.say(f"Removed: {chosen.name} ({chosen.scheduler.name}).")
    else:
        run.say(f"There is no schedule {chosen.name} ({chosen.scheduler.name}).")


@command.command("status")
@_options
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.pass_obj
def status(run: Run, /, kind: str | None, name: str | None, as_json: bool) -> None:
    """Show when it runs next, and how the last run ended."""
    chosen = _choose(run, kind, name)
    found = chosen.scheduler.find_status(chosen.name, run.environment.now())
    if as_json:
        write_line(json.dumps({"name": chosen.name} | _to_json(found), ensure_ascii=False, indent=2))
        return
    if not found.installed:
        write_line(f"{chosen.name} is not installed ({found.scheduler}). To install it: {run.program} schedule install")
        return
    write_line(f"{chosen.name} ({found.scheduler})")
    write_line(f"  next run   {found.next_run or 'not known'}")
    unknown = f"not known; {run.program} status shows when each output was written"
    write_line(f"  last run   {found.last_run or unknown}")
    for note in found.notes:
        write_line(f"  {run.complete_advice(note)}")


def _to_json(found: ScheduleStatus) -> dict[str, object]:
    import msgspec

    row: dict[str, object] = msgspec.to_builtins(found)
    return row | {name: row[name] or None for name in ("next_run", "last_run")}


def _choose(run: Run, kind: str | None, name: str | None) -> Chosen:
    """Return the scheduler *kind*, or the best one, and the name of the schedule. Raises SettingsError."""
    from trakt_ical.app.schedule import check_name, choose_scheduler

    scheduler = choose_scheduler(kind, run.environment.environ)
    return Chosen(scheduler, check_name(name) if name else name_usual_schedule(run))


def name_usual_schedule(run: Run) -> str:
    """Return the name of the schedule that the general options of *run* have."""
    from trakt_ical.app.schedule import name_schedule

    return name_schedule(demo=run.demo, home=run.chosen_home, config=run.chosen_config)


def _make_plan(run: Run, chosen: Chosen, every: str) -> Plan:
    from trakt_ical.app.schedule import make_plan

    words = ["--demo"] if run.demo else []
    for option, given in (("--home", run.chosen_home), ("--config", run.chosen_config)):
        if given:
            words += [option, str(Path(given).expanduser().absolute())]
    if chosen.scheduler.name == "cron":
        words.append("-q")  # cron sends a mail with each line
    with run.accounts({}) as accounts:
        return make_plan(accounts, words, name=chosen.name, hours=int(every), environ=run.environment.environ)


def warn_of_variables(run: Run) -> None:
    """Name the variables of this shell that settings come from: no scheduler knows them."""
    from trakt_ical.app.schedule import list_lost_variables

    if lost := list_lost_variables(run.environment.environ):
        write_note(
            f"Warning: {', '.join(lost)} of this shell will not be known to a schedule. Put these settings into the "
            "settings file."
        )

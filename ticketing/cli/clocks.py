"""`ticketing clocks`: due times on the command line, by the arithmetic that the service itself uses."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from ticketing.cli import in_application
from ticketing.cli.policy import policy
from ticketing.clocks.config import UnknownCalendar, load_clock_config
from ticketing.clocks.rules import Calendar, CalendarError, OpeningHours, Version, interval
from ticketing.configuration import ConfigurationError
from ticketing.settings import shipped
from ticketing.vocabulary import UnitId

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class CaseError(ValueError):
    """A line of a case file can't be used; the text says why."""


@click.group()
def clocks() -> None:
    """Business time: when something is due."""


@clocks.command()
@click.option("--calendar", "key", help="A calendar in config/calendars.yaml.")
@click.option("--start", help="ISO time; without an offset it is the calendar's own time.")
@click.option("--minutes", type=click.IntRange(min=0), help="Opening minutes that may pass.")
@click.option("--cases", type=click.File(encoding="utf-8"), help='A file with a JSON case a line ("-": stdin).')
@click.option(
    "--config",
    "config_dir",
    type=click.Path(path_type=Path),
    envvar="TICKETING_CONFIG",
    help="The config folder.",
)
def due(
    key: str | None, start: str | None, minutes: int | None, cases: TextIO | None, config_dir: Path | None
) -> None:
    """Print when opening MINUTES have passed since START, or do so for each line of a file of cases."""
    if cases is not None:
        if not _print_cases(cases):
            raise SystemExit(1)
        return
    if key is None or start is None or minutes is None:
        raise click.UsageError("Give --calendar, --start and --minutes, or --cases.")
    try:
        calendar = load_clock_config(config_dir or shipped("config")).calendar(key)
        began = datetime.fromisoformat(start)
        began = began if began.tzinfo else began.replace(tzinfo=calendar.zone)
        click.echo(_due(calendar, began, minutes))
    except (ConfigurationError, UnknownCalendar, ValueError, OverflowError) as error:
        raise click.ClickException(str(error)) from error


@clocks.command()
@click.option("--repair", is_flag=True, help="Write what the events say where the rows say otherwise.")
@click.option("--all", "everything", is_flag=True, help="Closed items and their verdicts too.")
@in_application
def verify(repair: bool, everything: bool) -> None:
    """Recompute open items' clocks from their events and print what the stored ones have otherwise.

    Without --repair nothing is locked. Exit code 1: there are differences that were not repaired, or items
    whose events can't be replayed; those are printed, and the rest is looked at all the same.
    """
    from ticketing.database import db
    from ticketing.organisation.queries import municipality_ids
    from ticketing.work.clockcheck import Broken
    from ticketing.work.nightcheck import check

    differences, broken, now = 0, 0, datetime.now(UTC)
    for municipality_id in municipality_ids(db.session()):
        for found in check(municipality_id, now, repair=repair, everything=everything):
            if isinstance(found, Broken):
                broken += 1
                click.echo(f"{found.number}: the events can't be replayed: {found.why}")
                continue
            differences += 1
            stored, computed = found.stored, found.computed
            click.echo(f"{found.number}: {found.clock}: {found.column} is {stored}, by the events {computed}")
    click.echo(f"{differences} differences{', repaired' if repair and differences else ''}.")
    if broken:
        click.echo(f"{broken} items whose events can't be replayed; their rows are left alone.")
    if broken or (differences and not repair):
        raise SystemExit(1)


@clocks.command()
@in_application
def sweep() -> None:
    """Fire everything that is due now: warnings, breaches, wake-ups, reminders."""
    from ticketing.work.sweep import sweep as fire

    now = datetime.now(UTC)
    items = events = 0
    while (fired := fire(now)).items:
        items, events = items + fired.items, events + fired.events
    click.echo(f"{items} items looked after, {events} events.")


clocks.add_command(policy)


@clocks.group()
def days() -> None:
    """Closing days, school holidays and one-off openings of a unit and all below it."""


_MUNICIPALITY = click.option("--municipality", "key", required=True, help="The municipality's key.")
_UNIT = click.option("--unit", "unit_key", help="The unit's key; without it the whole municipality.")


@days.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_MUNICIPALITY
@_UNIT
@click.option(
    "--kind",
    type=click.Choice(["lukket", "skoleferie"]),
    default="lukket",
    show_default=True,
    help="What rows and events are that don't say it.",
)
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
@in_application
def import_days(file: Path, key: str, unit_key: str | None, kind: str, dry_run: bool) -> None:
    """Import the days in FILE (CSV: fra;til;navn;type;åbningstid, or ICS); twice does nothing twice.

    With one bad line nothing is written and the exit code is 1.
    """
    from ticketing.clocks.day_files import KINDS, read_days
    from ticketing.work.actions import SYSTEM
    from ticketing.work.calendar_changes import change_days
    from ticketing.work.spreading import spread

    unit = _unit(key, unit_key)
    found = read_days(file, KINDS[kind])
    for problem in found.problems:
        click.echo(f"{file.name}, {problem}", err=True)
    if found.problems:
        raise click.ClickException("Intet er gemt. Ret linjerne, og importér filen igen.")
    if dry_run:
        click.echo(f"Prøvekørsel: {len(found.days)} perioder kan læses; intet er gemt.")
        return
    now = datetime.now(UTC)
    done = change_days(unit, SYSTEM, now, source=file.name, add=found.days)
    moved = spread(now)
    click.echo(f"{done.added} perioder er gemt, {done.known} kendtes i forvejen.")
    click.echo(f"{moved} af {done.touched} åbne sager følger nu de nye dage.")


@days.command("list")
@_MUNICIPALITY
@_UNIT
@in_application
def list_days(key: str, unit_key: str | None) -> None:
    """Print the unit's own days, each with the number that `remove` takes."""
    from ticketing.clocks.closing import days_of
    from ticketing.database import db

    for row in days_of(db.session(), [_unit(key, unit_key)]):
        click.echo(f"{row.id}: {row.first} – {row.last}  {row.kind}  {row.name}")


@days.command("remove")
@click.argument("numbers", nargs=-1, required=True, type=int)
@_MUNICIPALITY
@_UNIT
@in_application
def remove_days(numbers: tuple[int, ...], key: str, unit_key: str | None) -> None:
    """End the periods with these NUMBERS: from now on they no longer count as closed."""
    from ticketing.work.actions import SYSTEM
    from ticketing.work.calendar_changes import change_days
    from ticketing.work.errors import UnknownTarget
    from ticketing.work.spreading import spread

    unit, now = _unit(key, unit_key), datetime.now(UTC)
    try:
        done = change_days(unit, SYSTEM, now, source="ticketing clocks days remove", remove=numbers)
    except UnknownTarget as error:
        raise click.ClickException("Et af numrene er ikke enhedens. Se dem med: clocks days list") from error
    click.echo(f"{done.removed} perioder er fjernet; {spread(now)} åbne sager følger med.")


@clocks.command("go-live")
@click.argument("on", metavar="DATE")
@_MUNICIPALITY
@_UNIT
@in_application
def go_live(on: str, key: str, unit_key: str | None) -> None:
    """Set the DATE on which a unit goes live (none: that of the unit above), for hypercare."""
    from ticketing.work.actions import SYSTEM
    from ticketing.work.hypercare import set_go_live
    from ticketing.work.spreading import spread

    now = datetime.now(UTC)
    try:
        day = None if on == "none" else date.fromisoformat(on)
    except ValueError as error:
        raise click.ClickException(f"{on} er ingen dato; skriv for eksempel 2026-11-02, eller none.") from error
    unit = set_go_live(_unit(key, unit_key), SYSTEM, now, day)
    shown = f"går i drift {day}" if day else "følger enheden over sig"
    click.echo(f"{unit.name} {shown}; {spread(now)} åbne sager fik andre frister.")


def _unit(key: str, unit_key: str | None) -> UnitId:
    from ticketing.database import db
    from ticketing.organisation.queries import municipality_by_key, root_unit, unit_by_key

    municipality = municipality_by_key(db.session(), key)
    if municipality is None:
        raise click.ClickException(f"Kommunen {key} findes ikke.")
    if unit_key is None:
        return root_unit(db.session(), municipality.id).id
    unit = unit_by_key(db.session(), municipality.id, unit_key)
    if unit is None:
        raise click.ClickException(f"Enheden {unit_key} findes ikke i {municipality.name}.")
    return unit.id


def _due(calendar: Calendar, start: datetime, minutes: int) -> str:
    return calendar.due(start, minutes * 60).astimezone(calendar.zone).isoformat()


def _print_cases(lines: TextIO) -> bool:
    """Every good line is answered; a bad one is told on standard error by number. True when all were good."""
    good = True
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            click.echo(json.dumps(_answer(_case(line)), ensure_ascii=False))
        except CaseError as error:
            good = False
            click.echo(f"{lines.name}:{number}: {error}", err=True)
    return good


def _case(line: str) -> dict[str, Any]:
    try:
        case = json.loads(line)
    except ValueError as error:
        raise CaseError(f"expected a JSON object on one line ({error})") from error
    if not isinstance(case, dict):
        raise CaseError("expected a JSON object")
    return case


def _answer(case: dict[str, Any]) -> dict[str, Any]:
    missing = [key for key in ("id", "tz", "hours", "start", "minutes") if key not in case]
    if missing:
        raise CaseError(f"missing: {', '.join(missing)}")
    minutes, start = case["minutes"], case["start"]
    whole = isinstance(minutes, int) or (isinstance(minutes, float) and minutes.is_integer())
    if isinstance(minutes, bool) or not whole or minutes < 0:
        raise CaseError(f"minutes: expected a whole number, 0 or more, not {minutes!r}")
    began = _from_iso("start", start, datetime.fromisoformat)
    if began.tzinfo is None:
        raise CaseError(f"start: expected an offset such as +01:00 in {start!r}")
    calendar = _calendar(case)
    try:
        return {"id": case["id"], "due": _due(calendar, began, int(minutes))}
    except (OverflowError, ValueError) as error:
        raise CaseError("the answer lies beyond the years 1 to 9999") from error


def _calendar(case: dict[str, Any]) -> Calendar:
    hours, days_off = case["hours"], case.get("holidays") or []
    if not isinstance(hours, dict) or not hours.keys() <= set(_WEEKDAYS):
        raise CaseError(f"hours: expected openings by weekday ({', '.join(_WEEKDAYS)})")
    if not isinstance(days_off, list):
        raise CaseError("holidays: expected a list of dates")
    try:
        zone = ZoneInfo(case["tz"])
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise CaseError(f"tz: no time zone {case['tz']!r}") from error
    try:
        week = OpeningHours(
            tuple(tuple(interval(opens, closes) for opens, closes in hours.get(day) or ()) for day in _WEEKDAYS)
        )
        closed = frozenset(_from_iso("holidays", day, date.fromisoformat) for day in days_off)
        return Calendar(zone, (Version(week),), closed)
    except CalendarError as error:
        raise CaseError(f"hours: {error}") from error
    except (TypeError, AttributeError, ValueError) as error:
        if isinstance(error, CaseError):
            raise
        raise CaseError('hours: expected lists of pairs such as ["07:45", "15:00"]') from error


def _from_iso(key: str, text: Any, parse: Any) -> Any:
    try:
        return parse(text)
    except (ValueError, TypeError) as error:
        raise CaseError(f"{key}: expected an ISO date or time, not {text!r}") from error

"""`ticketing clocks policy`: a municipality's targets and opening hours, tried and changed on a terminal."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from sqlalchemy import select

from ticketing.cli import in_application
from ticketing.clocks.config import ClockConfig, ClockTexts, load_clock_texts
from ticketing.clocks.editions import editions_of
from ticketing.clocks.faults import Fault, faults, faults_of
from ticketing.clocks.table import target_table
from ticketing.configuration import ConfigurationError, read_text
from ticketing.database import db
from ticketing.organisation.models import Municipality, Unit
from ticketing.organisation.queries import municipality_by_key
from ticketing.vocabulary import Lane, MunicipalityId, Priority, Reach, Sector
from ticketing.work.actions import SYSTEM
from ticketing.work.errors import WorkError
from ticketing.work.policy_changes import apply_edition, checked
from ticketing.work.policy_trial import preview as try_on_open
from ticketing.work.policy_trial import replay as try_on_the_past
from ticketing.work.queries import clock_config, clocks_of
from ticketing.work.spreading import spread

ZONE = ZoneInfo("Europe/Copenhagen")
OWN_NUMBERS = "Tallene er kommunens egne, ikke kildedokumentets."
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """A municipality's targets and opening hours: show them, try a change out, put it in force."""


_town = click.option("--municipality", "key", required=True, help="The municipality's key.")
_calendars = click.option("--calendars", type=_FILE, help="The new calendars.yaml; else those in force.")
_targets = click.option("--targets", type=_FILE, help="The new targets.yaml; else those in force.")
_files = click.option("--from-config", is_flag=True, help="Both from the config folder of this installation.")
_reach = click.option(
    "--from-start",
    is_flag=True,
    help="Running clocks count by it from their start; else from now on, used time stays used.",
)


@policy.command()
@_town
@click.option("--sector", type=click.Choice(list(Sector)), help="The targets for items of this sector.")
@click.option("--lane", type=click.Choice(list(Lane)), default=Lane.GUIDANCE, show_default=True)
@click.option(
    "--text", type=click.Choice(["calendars", "targets"]), help="Print this text as it is, to edit it."
)
@in_application
def show(key: str, sector: str | None, lane: str, text: str | None) -> None:
    """Print the targets in force as a table, and the editions so far."""
    town = _municipality(key)
    config = clocks_of(db.session(), town)
    if text:
        click.echo(getattr(config.texts, text), nl=False)
        return
    click.echo(OWN_NUMBERS)
    table = target_table(config, Sector(sector) if sector else None, Lane(lane))
    click.echo(f"{'':<16}" + "".join(f"{priority:<18}" for priority in Priority))
    for rung, row in table.rungs:
        cells = (f"{one.first_response} / {one.rung}" for one in row)
        click.echo(f"{rung:<16}" + "".join(f"{cell:<18}" for cell in cells).rstrip())
    for name, spans in (("hele vejen", table.end_to_end), ("leverandør", table.vendor)):
        click.echo(f"{name:<16}" + "".join(f"{cell:<18}" for cell in spans).rstrip())
    for made in editions_of(db.session(), town):
        at, reach = made.in_force_from.astimezone(ZONE), _reach_words(made.reach)
        click.echo(f"Udgave {made.number}: fra {at:%d.%m.%Y kl. %H.%M} ({reach}): {made.reason}")


@policy.command()
@_town
@_calendars
@_targets
@_files
@in_application
def check(key: str, calendars: Path | None, targets: Path | None, from_config: bool) -> None:
    """Say what is wrong in the new texts, with line and key. Exit code 1: something is."""
    _proposed(_municipality(key), calendars, targets, from_config)
    click.echo("Ingen fejl.")


@policy.command()
@_town
@_calendars
@_targets
@_files
@_reach
@in_application
def preview(
    key: str, calendars: Path | None, targets: Path | None, from_config: bool, from_start: bool
) -> None:
    """Say what a change would do to the open items. Nothing is saved."""
    town = _municipality(key)
    proposed = _proposed(town, calendars, targets, from_config)
    found = try_on_open(town, proposed, _as_reach(from_start), datetime.now(UTC))
    click.echo(f"{found.touched} af {found.open_items} åbne sager følger andre mål eller åbningstider.")
    click.echo(f"{found.earlier} får en tidligere frist, {found.later} en senere.")
    click.echo(f"{found.late_at_once} er over målet med det samme. Intet er gemt.")


@policy.command()
@_town
@_calendars
@_targets
@_files
@click.option("--days", type=click.IntRange(1, 400), default=92, show_default=True, help="How far back.")
@in_application
def replay(key: str, calendars: Path | None, targets: Path | None, from_config: bool, days: int) -> None:
    """Say what was missed on the last quarter's tickets, and what would have been. Nothing is saved."""
    town = _municipality(key)
    proposed = _proposed(town, calendars, targets, from_config)
    found = try_on_the_past(town, proposed, datetime.now(UTC), timedelta(days=days))
    click.echo(f"{found.items} sager siden {found.since.astimezone(ZONE):%d.%m.%Y}.")
    click.echo(f"{'trin':<34}{'frister':>9}{'brudt':>9}{'ville':>9}")
    for rung, sums in found.by_rung().items():
        if sums.clocks:
            click.echo(f"{rung or 'hele vejen':<34}{sums.clocks:>9}{sums.then:>9}{sums.would:>9}")
    wanted = select(Unit.id, Unit.name).where(Unit.id.in_(found.by_unit()))
    names = {row.id: row.name for row in db.session.execute(wanted)}
    click.echo(f"{'enhed og trin':<34}{'frister':>9}{'brudt':>9}{'ville':>9}")
    for (unit, rung), cell in sorted(found.cells.items(), key=lambda pair: names[pair[0][0]]):
        if cell.then or cell.would:
            shown = f"{names[unit][:20]}, {rung or 'hele vejen'}"
            click.echo(f"{shown:<34}{cell.clocks:>9}{cell.then:>9}{cell.would:>9}")


@policy.command()
@_town
@_calendars
@_targets
@_files
@_reach
@click.option("--reason", required=True, help="Why; it stands in the history of editions.")
@in_application
def apply(
    key: str,
    calendars: Path | None,
    targets: Path | None,
    from_config: bool,
    from_start: bool,
    reason: str,
) -> None:
    """Put a change in force, and let the items under way follow it."""
    town, now = _municipality(key), datetime.now(UTC)
    proposed = _proposed(town, calendars, targets, from_config)
    try:
        made = apply_edition(town, SYSTEM, now, proposed.texts, reach=_as_reach(from_start), reason=reason)
    except WorkError as refused:
        raise click.ClickException(refused.message_da()) from refused
    moved = 0
    while made.again_at is not None and made.again_at <= now:
        moved += spread(now)
        db.session.refresh(made)
    click.echo(f"Udgave {made.number} gælder nu; {moved} åbne sager følger den.")


def _municipality(key: str) -> MunicipalityId:
    found: Municipality | None = municipality_by_key(db.session(), key)
    if found is None:
        raise click.ClickException(f"Kommunen {key} findes ikke.")
    return found.id


def _proposed(
    town: MunicipalityId, calendars: Path | None, targets: Path | None, from_config: bool
) -> ClockConfig:
    """The texts as asked for, checked. Ends the command with every fault when something is wrong."""
    standing = clock_config().texts if from_config else clocks_of(db.session(), town).texts
    texts = ClockTexts(
        read_text(calendars) if calendars else standing.calendars,
        read_text(targets) if targets else standing.targets,
    )
    found = faults(texts)
    if found:
        _refuse(found)
    try:
        return checked(db.session(), town, load_clock_texts(texts))
    except ConfigurationError as error:
        _refuse(faults_of(error))
        raise


def _refuse(found: list[Fault]) -> None:
    for fault in found:
        click.echo(str(fault), err=True)
    raise click.ClickException("Intet er gemt. Ret linjerne, og prøv igen.")


def _as_reach(from_start: bool) -> Reach:
    return Reach.FROM_START if from_start else Reach.FROM_NOW


def _reach_words(reach: Reach) -> str:
    return "regnet om fra start" if reach is Reach.FROM_START else "fra da af"

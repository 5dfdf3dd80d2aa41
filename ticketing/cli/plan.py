"""`ticketing plan`: the rollout plan as data."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from ticketing.cli import application
from ticketing.configuration import ConfigurationError
from ticketing.rollout.config import load_plan
from ticketing.rollout.documents import Known, UnreadablePlan, is_structured, read_document
from ticketing.rollout.door import known
from ticketing.rollout.plan import Activity, Plan, seats_and_persons
from ticketing.rollout.reading import Proposed
from ticketing.rollout.schoolyear import DaysOff
from ticketing.rollout.shown import shown_plan, shown_reading
from ticketing.rollout.template import NoGoLive, from_template
from ticketing.rollout.weeks import NoSuchDay, read_day
from ticketing.settings import shipped
from ticketing.vocabulary import MunicipalityId, Sector

_CONFIG = click.option(
    "--config",
    "config_dir",
    type=click.Path(path_type=Path),
    envvar="TICKETING_CONFIG",
    help="The config folder.",
)


@click.group()
def plan() -> None:
    """The rollout plan: training, set-up, families, go-live."""


@plan.command()
@click.option("--municipality", "key", help="That municipality's own plan; without it the shipped one.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which `plan import` reads again.")
@_CONFIG
def show(key: str | None, as_json: bool, config_dir: Path | None) -> None:
    """Print the plan. The shipped one needs no database."""
    if key is None:
        found = shipped_plan(config_dir)
    else:
        with application():
            found = _own_plan(key, shipped_plan(config_dir))
    if as_json:
        click.echo(json.dumps(shown_plan(found), ensure_ascii=False, indent=2))
        return
    _print_plan(found)


def _print_plan(found: Plan) -> None:
    for activity in found.activities:
        click.echo(_line(activity))
    count = seats_and_persons(found.activities)
    click.echo(
        f"{len(found.activities)} rækker, {count.seats} betalte pladser til {count.persons} personer, "
        f"{sum(len(a.warnings) for a in found.activities) + len(found.warnings)} advarsler."
    )


@plan.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--text", "as_text", is_flag=True, help="Read FILE as prose and tables (TXT or DOCX).")
@click.option("--municipality", "key", help="Whose plan it is; needed unless it is a dry run.")
@click.option("--propose", "only_propose", is_flag=True, help="Keep the rows as proposals to be accepted.")
@click.option("--dry-run", is_flag=True, help="Read and check, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@_CONFIG
def import_plan(
    file: Path,
    as_text: bool,
    key: str | None,
    only_propose: bool,
    dry_run: bool,
    as_json: bool,
    config_dir: Path | None,
) -> None:
    """Import the plan in FILE: what `plan show --json` prints, YAML, CSV or XLSX (docs/plan-import.md).

    A text is read as prose and tables: it only proposes, and each row is accepted by a person. With a fault in
    the file nothing is written, and the exit code is 1.
    """
    if key is None and not dry_run:
        raise click.UsageError("Give --municipality, or --dry-run to see what the file holds.")
    found = _read(file, config_dir, as_text=as_text)
    as_text = as_text or not is_structured(file.name)
    if as_json:
        click.echo(json.dumps(shown_reading(found), ensure_ascii=False, indent=2))
    else:
        _print_reading(found)
    if key is not None and not dry_run:
        with application():
            _keep(key, file, found, only_propose=only_propose or as_text, new_keys=as_text, quiet=as_json)


@plan.command()
@click.option("--go-live", "dates", multiple=True, required=True, help="SECTOR=DAY, such as skole=2027-08-16.")
@click.option("--municipality", "key", help="Save it as that municipality's plan, which must be empty.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which `plan import` reads again.")
@_CONFIG
def template(dates: tuple[str, ...], key: str | None, as_json: bool, config_dir: Path | None) -> None:
    """Move the shipped plan to new go-live dates: every date keeps its distance in weeks to its sector's.

    Sectors without a date are left out. The municipality's ladder is its own (`org create --ladder`).
    """
    settings = _known(config_dir)
    new = dict(_go_live(text, settings.off) for text in dates)
    try:
        made = from_template(shipped_plan(config_dir), new, settings.off)
    except NoGoLive as error:
        raise click.ClickException(f"Planen har ingen go-live for {error.sector.value}.") from error
    if as_json:
        click.echo(json.dumps(shown_plan(made), ensure_ascii=False, indent=2))
    else:
        _print_plan(made)
    if key is not None:
        with application():
            _start_from(key, made)


def shipped_plan(config_dir: Path | None) -> Plan:
    """config/plan.yaml; a wrong one ends the command with its lines."""
    try:
        return load_plan(config_dir or shipped("config"))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def municipality_id(key: str) -> MunicipalityId:
    """The id of the municipality called `key`; an unknown one ends the command."""
    from ticketing.database import db
    from ticketing.organisation.queries import municipality_by_key

    municipality = municipality_by_key(db.session(), key)
    if municipality is None:
        raise click.ClickException(f"Kommunen {key} findes ikke. Opret den med: ticketing org create.")
    return municipality.id


def _known(config_dir: Path | None) -> Known:
    try:
        return known(config_dir or shipped("config"))
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


def _read(file: Path, config_dir: Path | None, *, as_text: bool) -> Proposed:
    try:
        return read_document(file, _known(config_dir), as_text=as_text)
    except UnreadablePlan as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        raise click.ClickException("Intet er gemt. Ret filen, og importér den igen.") from error


def _print_reading(found: Proposed) -> None:
    for activity in found.activities:
        click.echo(_line(activity))
    for quota in found.quotas:
        hours = f", {quota.hours:g} timer" if quota.hours else ""
        click.echo(f"Linje {quota.line}: {quota.count} pladser til {quota.text}{hours}")
    for warning in found.all_warnings:
        click.echo(f"Linje {warning.line or '—'}, {warning.kind}: {warning.text}")
    seats = sum(quota.count for quota in found.quotas)
    click.echo(
        f"{len(found.activities)} rækker, {seats} pladser i {len(found.quotas)} antal, "
        f"{len(found.all_warnings)} advarsler."
    )


def _keep(key: str, file: Path, found: Proposed, *, only_propose: bool, new_keys: bool, quiet: bool) -> None:
    from ticketing.rollout.actions import UnusablePlan, save_plan
    from ticketing.rollout.proposals import propose
    from ticketing.work.actions import SYSTEM

    owner, now = municipality_id(key), datetime.now(UTC)
    if only_propose:
        _, is_new = propose(
            owner, found, SYSTEM, now, source=file.name, content=file.read_bytes(), new_keys=new_keys
        )
        said = (
            f"{len(found.activities)} forslag venter på at blive godkendt under Udrulningsplan → Forslag."
            if is_new
            else "Filen er læst før; dens forslag ligger der allerede. Intet er ændret."
        )
    else:
        whole = Plan(found.activities, found.warnings, load_plan(shipped("config")).organisations)
        try:
            saved = save_plan(owner, whole, now)
        except UnusablePlan as error:
            for sentence in error.sentences:
                click.echo(sentence, err=True)
            raise click.ClickException("Intet er gemt. Ret filen, og importér den igen.") from error
        said = (
            f"{saved.created} nye rækker, {saved.changed} ændrede, {saved.unchanged} som før. Planen er gemt."
        )
    click.echo(said, err=quiet)


def _start_from(key: str, made: Plan) -> None:
    from ticketing.database import db
    from ticketing.rollout.actions import save_plan
    from ticketing.rollout.queries import activities

    owner = municipality_id(key)
    if activities(db.session(), owner):
        raise click.ClickException("Kommunen har en plan i forvejen. En skabelon er til at begynde på.")
    saved = save_plan(owner, made, datetime.now(UTC))
    click.echo(f"{saved.created} rækker er gemt som kommunens plan.", err=True)


def _go_live(text: str, off: DaysOff) -> tuple[Sector, date]:
    word, _, day_text = text.partition("=")
    try:
        sector, day = Sector(word.strip().lower()), read_day(day_text, last=False)
    except NoSuchDay as error:
        raise click.BadParameter(str(error), param_hint="--go-live") from error
    except ValueError as error:
        words = ", ".join(sector.value for sector in Sector)
        raise click.BadParameter(f"forventede {words}, ikke »{word}«", param_hint="--go-live") from error
    if not off.is_working(day):
        raise click.BadParameter(f"{day:%d.%m.%Y} er ikke en arbejdsdag", param_hint="--go-live")
    return sector, day


def _own_plan(key: str, shipped_one: Plan) -> Plan:
    from ticketing.database import db
    from ticketing.rollout.queries import plan_of

    return plan_of(db.session(), municipality_id(key), shipped_one.organisations)


def _line(activity: Activity) -> str:
    start, end = activity.period.start, activity.period.end
    when = f"{start or '—'} – {end or '—'}"
    sector = activity.sector.value if activity.sector else "alle"
    seats = "" if activity.quota.paid is None else f"  {activity.quota.paid} pladser"
    flags = "".join(f" [{w.code or w.kind}]" for w in activity.warnings)
    return f"{activity.id:4} {when:23} {sector:10} {activity.audience}{seats}{flags}"

"""`ticketing plan`: the rollout plan as data."""

import json
from pathlib import Path

import click

from ticketing.cli import application
from ticketing.configuration import ConfigurationError
from ticketing.rollout.config import load_plan
from ticketing.rollout.plan import Activity, Plan, seats_and_persons
from ticketing.rollout.shown import shown_plan
from ticketing.settings import shipped
from ticketing.vocabulary import MunicipalityId

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
    for activity in found.activities:
        click.echo(_line(activity))
    count = seats_and_persons(found.activities)
    click.echo(
        f"{len(found.activities)} rækker, {count.seats} betalte pladser til {count.persons} personer, "
        f"{sum(len(a.warnings) for a in found.activities) + len(found.warnings)} advarsler."
    )


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

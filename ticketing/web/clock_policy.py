"""Frister: the municipality's targets and calendars as they are, a calendar's month, and a due time tried."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from difflib import unified_diff
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _
from flask_login import login_required
from marshmallow import ValidationError, fields

from ticketing.clocks.attempt import Attempt, Question, attempts
from ticketing.clocks.config import ClockConfig
from ticketing.clocks.editions import editions_of
from ticketing.clocks.models import ClockEdition
from ticketing.clocks.month import month
from ticketing.clocks.schemas import DurationField
from ticketing.clocks.table import target_table
from ticketing.database import db
from ticketing.insight.clock_policy import makers, names_of_days, unit_path, units_with_days
from ticketing.organisation.queries import root_unit
from ticketing.vocabulary import ClockKind, Lane, MunicipalityId, Priority, Rung, Sector
from ticketing.web import clock_words, viewing
from ticketing.web.forms import Errors, FormSchema, read
from ticketing.web.wording import COPENHAGEN, WEEKDAYS
from ticketing.work.queries import calendars, clocks_of
from ticketing.work.unit_hours import UnitHours, hours_of

blueprint = Blueprint("clock_policy", __name__, url_prefix="/frister")
P = ParamSpec("P")
R = TypeVar("R")
TRIED = {
    "first_response": ClockKind.FIRST_RESPONSE,
    "rung_time": ClockKind.RUNG,
    "total": ClockKind.END_TO_END,
}
MONTH_NAMES = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
]
FIRST_YEAR, LAST_YEAR = 2018, 2075
_NEXT_MONTH = timedelta(days=32)


def for_rule_setters(page: Callable[P, R]) -> Callable[P, R]:
    """Only for those who decide the municipality's rules; to all others the page does not exist."""

    @wraps(page)
    @login_required
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not viewing.viewer().sets_rules:
            abort(404)
        return page(*args, **kwargs)

    return guarded


@blueprint.get("")
@for_rule_setters
def page() -> str:
    """The targets as a table, the calendars and the editions so far."""
    config, town = in_force(), viewing.viewer().municipality_id
    sector = _chosen(Sector, "sektor")
    lane = _chosen(Lane, "spor") or Lane.GUIDANCE
    editions = editions_of(db.session(), town)
    return render_template(
        "clock_policy/page.html",
        config=config,
        table=target_table(config, sector, lane),
        sector=sector,
        lane=lane,
        editions=editions,
        current=next((one for one in editions if one.id == config.edition), None),
        makers=makers(editions),
        words=clock_words,
        choices=clock_words.choices(),
        now=viewing.request_time(),
    )


@blueprint.get("/kalender/<key>")
@for_rule_setters
def calendar(key: str) -> str:
    """A month of a calendar, with the days of a unit's own."""
    config, now = in_force(), viewing.request_time()
    if key not in config.calendars:
        abort(404)
    first = _month(request.args.get("maaned", ""), now)
    hours, unit_id = _unit_hours(request.args.get("enhed", ""))
    name = config.named(key, hours.near)
    names = names_of_days(db.session(), config)(name)
    return render_template(
        "clock_policy/calendar.html",
        config=config,
        key=key,
        weeks=month(calendars(db.session())(name), names, first.year, first.month),
        first=first,
        before=first - timedelta(days=1),
        after=first + _NEXT_MONTH,
        today=now.astimezone(COPENHAGEN).date(),
        units=units_with_days(viewing.viewer().municipality_id),
        unit_id=unit_id,
        words=clock_words,
        weekdays=WEEKDAYS,
        month_name=MONTH_NAMES[first.month - 1],
    )


@blueprint.get("/proev")
@for_rule_setters
def attempt() -> str:
    """When a question would be due, and the days that the time is made of; also with other targets."""
    config, now = in_force(), viewing.request_time()
    typed, errors, found = request.args, Errors(), list[Attempt]()
    if "rung" in typed:
        values, errors = read(AttemptForm(), typed)
        if not errors:
            found = tried(config, values)
    return render_template(
        "clock_policy/attempt.html",
        typed=typed,
        errors=errors,
        found=found,
        start=f"{now.astimezone(COPENHAGEN):%Y-%m-%dT%H:%M}",
        units=units_with_days(viewing.viewer().municipality_id),
        words=clock_words,
        choices=clock_words.choices(),
        now=now,
    )


@blueprint.get("/udgave/<int:number>")
@for_rule_setters
def edition(number: int) -> str:
    """An edition: who made it and why, its texts, and what it changed."""
    editions = {one.number: one for one in editions_of(db.session(), viewing.viewer().municipality_id, 1_000)}
    if number not in editions:
        abort(404)
    made, before = editions[number], editions.get(number - 1)
    return render_template(
        "clock_policy/edition.html",
        made=made,
        maker=makers([made]).get(made.made_by_id) if made.made_by_id else None,
        changes=_changes(before, made) if before else [],
        now=viewing.request_time(),
    )


class AttemptForm(FormSchema):
    """What a due time is tried for; the targets may be left out."""

    sector = fields.Enum(Sector, by_value=True, load_default=None)
    rung = fields.Enum(Rung, by_value=True, required=True)
    lane = fields.Enum(Lane, by_value=True, required=True)
    priority = fields.Enum(Priority, by_value=True, required=True)
    unit = fields.String(load_default="")
    start = fields.NaiveDateTime(required=True)
    first_response = DurationField()
    rung_time = DurationField()
    total = DurationField()

    def handle_error(self, error: ValidationError, data: object, *, many: bool, **_options: object) -> None:
        """The fields' own checks speak English."""
        assert isinstance(error.messages, dict), "no check but the fields' own"
        for name in error.messages:
            said = _("Vælg en fra listen.")
            if name in TRIED:
                said = _("Skriv en tid som 15 min, 4 h eller 2 d.")
            elif name == "start":
                said = _("Vælg en dato og et klokkeslæt.")
            error.messages[name] = [said]
        super().handle_error(error, data, many=many, **_options)


def tried(config: ClockConfig, values: dict[str, Any]) -> list[Attempt]:
    """The due times for what `AttemptForm` has read, by `config`."""
    hours, _unit = _unit_hours(values["unit"])
    asked = [values[name] for name in ("sector", "rung", "lane", "priority")]
    question = Question(asked[0], asked[1], asked[2], asked[3], values["start"].replace(tzinfo=COPENHAGEN))
    changed = {kind: values[name] for name, kind in TRIED.items() if name in values}
    session = db.session()
    return attempts(
        config,
        question,
        hours.policy(config, *asked),
        calendars(session, config),
        names_of_days(session, config),
        changed,
    )


def in_force() -> ClockConfig:
    """The calendars and targets of the viewer's municipality."""
    return clocks_of(db.session(), MunicipalityId(viewing.viewer().municipality_id))


def _unit_hours(text: str) -> tuple[UnitHours, int]:
    """The hours of the chosen unit; without one, or with another municipality's, those of the municipality."""
    town = viewing.viewer().municipality_id
    root = root_unit(db.session(), town)
    path = unit_path(town, int(text)) if text.isascii() and text.isdigit() and len(text) < 19 else None
    return hours_of(db.session(), town, path or root.path), int(text) if path else root.id


def _chosen(words: type[R], name: str) -> R | None:
    text = request.args.get(name, "")
    return next((word for word in words if word == text), None)  # type: ignore[attr-defined]  # an enum


def _month(text: str, now: datetime) -> date:
    """The first day of the month "2026-11"; of the present one where that can't be read."""
    year, _dash, number = text.partition("-")
    if year.isdecimal() and number.isdecimal() and 1 <= int(number) <= 12:
        return date(min(max(int(year), FIRST_YEAR), LAST_YEAR), int(number), 1)
    return now.astimezone(COPENHAGEN).date().replace(day=1)


def _changes(before: ClockEdition, made: ClockEdition) -> list[str]:
    """The changed lines of both texts, "+" and "-" ahead of each."""
    lines: list[str] = []
    for old, new in ((before.calendars, made.calendars), (before.targets, made.targets)):
        compared = list(unified_diff(old.splitlines(), new.splitlines(), n=1, lineterm=""))
        lines += [line for line in compared if not line.startswith(("---", "+++", "@@"))]
    return lines

"""The shape of a plan in a file, checked with marshmallow: config/plan.yaml and what `plan show` prints.

Messages are Danish, with what was expected: they are read by whoever imports a plan.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from ticketing.rollout.checks import faults
from ticketing.rollout.plan import Activity, Period, Plan, Quota, Warning
from ticketing.rollout.weeks import NoSuchDay, read_day
from ticketing.vocabulary import ActivityCategory, Role, Sector, TaskPer

_NEEDED: dict[str, Any] = {"required": "mangler", "null": "mangler"}
_UNKNOWN: dict[str, str] = {"unknown": "kendes ikke; er navnet stavet rigtigt?"}
#: What `plan show` prints for readers beside the values that count.
_SHOWN_ONLY = (
    "start",
    "end",
    "paid_seats",
    "extra_seats",
    "inferred_values",
    "done_on",
    "stated",
    "needs_confirmation",
)


class DayField(fields.Field[Any]):
    """A day in any of the forms of `weeks.read_day`."""

    def __init__(self, *, last: bool, **more: Any) -> None:
        super().__init__(allow_none=True, load_default=None, **more)
        self.last = last

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if isinstance(value, date):
            return value
        if not str(value).strip():
            return None
        try:
            return read_day(str(value), last=self.last)
        except NoSuchDay as error:
            raise ValidationError(str(error)) from error


class WordField(fields.Enum[Any]):
    """One of the domain's words by its value; the message lists them."""

    def __init__(self, words: type[StrEnum], **more: Any) -> None:
        listed = ", ".join(word.value for word in words)
        messages = {**_NEEDED, "unknown": f"forventede {listed}"}
        super().__init__(words, by_value=True, error_messages=messages, **more)


def _text(longest: int, *, required: bool = False) -> fields.String:
    limit = validate.Length(max=longest, error=f"er længere end {longest} tegn")
    if required:
        least = validate.Length(min=1, error="mangler")
        return fields.String(required=True, validate=[least, limit], error_messages=_NEEDED)
    return fields.String(load_default=None, allow_none=True, validate=limit)


def _count() -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=0, error="forventede 0 eller flere"),
        error_messages={"invalid": "forventede et helt tal, eller null for ukendt"},
    )


class PeriodFile(Schema):
    """Days, both included."""

    start = DayField(last=False)
    end = DayField(last=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Period:
        return Period(data["start"], data["end"])


class SeatsFile(Schema):
    """Seats of a course; null is unknown."""

    paid = _count()
    extra = _count()

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Quota:
        return Quota(data["paid"], data["extra"])


class WarningOnRow(Schema):
    """A warning where it stands on its row."""

    error_messages = _UNKNOWN

    code = _text(10)
    kind = _text(40, required=True)
    line = _count()
    text = _text(2000, required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Warning:
        return Warning(data["kind"], data["line"], data["text"], data["code"])


class ActivityFile(Schema):
    """One row. What only `plan show` prints beside it (`start`, `paid_seats` …) may stand instead of
    `baseline` and `seats`."""

    error_messages = _UNKNOWN

    id = _text(20, required=True)
    category = WordField(ActivityCategory, required=True)
    sector = WordField(Sector, load_default=None, allow_none=True)
    other_sectors = fields.List(WordField(Sector), load_default=list)
    audience = _text(300, required=True)
    responsible = WordField(Role, load_default=None, allow_none=True)
    trainers = fields.List(fields.String(), load_default=list)
    per = WordField(TaskPer, load_default=TaskPer.MUNICIPALITY)
    baseline = fields.Nested(PeriodFile, load_default=Period, allow_none=True)
    revised = fields.Nested(PeriodFile, load_default=None, allow_none=True)
    hours = _text(80)
    note = _text(500)
    seats = fields.Nested(SeatsFile, load_default=Quota)
    participants = _count()
    same_people = fields.Dict(keys=fields.String(), values=fields.Integer(), load_default=dict)
    topics = fields.List(fields.String(), load_default=list)
    depends_on = fields.List(fields.String(), load_default=list)
    section = _text(60)
    line = _count()
    raw = _text(4000)
    inferred_values = fields.List(fields.String(), load_default=list, data_key="inferred")
    warnings = fields.List(fields.Nested(WarningOnRow), load_default=list)

    @pre_load
    def _from_flat(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        made = dict(data)
        if "baseline" not in made and "revised" not in made and ("start" in made or "end" in made):
            made["baseline"] = {"start": made.get("start"), "end": made.get("end")}
        if "seats" not in made and ("paid_seats" in made or "extra_seats" in made):
            made["seats"] = {"paid": made.get("paid_seats"), "extra": made.get("extra_seats")}
        if not isinstance(made.get("inferred"), list):
            made["inferred"] = made.get("inferred_values") or []
        return {key: value for key, value in made.items() if key not in _SHOWN_ONLY}

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Activity:
        data["quota"] = data.pop("seats")
        data["baseline"] = data["baseline"] or Period()
        data["raw"] = data["raw"] or ""
        if data["revised"] == Period():
            data["revised"] = None
        for name in ("trainers", "topics", "depends_on", "inferred_values", "other_sectors", "warnings"):
            data[name] = tuple(data[name])
        return Activity(**data)


def _rows(name: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(ActivityFile),
        required=True,
        data_key=name,
        validate=validate.Length(min=1, error="forventede mindst én aktivitet"),
        error_messages=_NEEDED,
    )


class WarningFile(WarningOnRow):
    """A warning with the rows that it is on; none: it is the plan's."""

    activities = fields.List(fields.String(), load_default=list)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Any:
        return tuple(data["activities"]), Warning(data["kind"], data["line"], data["text"], data["code"])


class PlanFile(Schema):
    """config/plan.yaml. `organisations` are known beside those that the file names."""

    error_messages = _UNKNOWN
    #: What the file calls its list of rows.
    rows = "activities"

    organisations = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    activities = _rows("activities")
    warnings = fields.List(fields.Nested(WarningFile), load_default=list)

    def __init__(self, *, organisations: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.known_organisations = dict(organisations or {})

    @validates_schema
    def _hangs_together(self, data: dict[str, Any], **_: Any) -> None:
        wrong = _Wrong()
        organisations = self.known_organisations | data["organisations"]
        for fault in faults(data["activities"], organisations):
            wrong.add(self.rows, fault.index, fault.key, fault.text)
        known = {activity.id for activity in data["activities"]}
        for index, (keys, _warning) in enumerate(data["warnings"]):
            for key in sorted(set(keys) - known):
                text = f"forventede en aktivitet i planen, ikke »{key}«"
                wrong.add("warnings", index, "activities", text)
        if wrong:
            raise ValidationError(dict(wrong))

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Plan:
        on_rows = {activity.id: list(activity.warnings) for activity in data["activities"]}
        for keys, warning in data["warnings"]:
            for key in keys:
                on_rows[key].append(warning)
        return Plan(
            tuple(replace(row, warnings=tuple(on_rows[row.id])) for row in data["activities"]),
            tuple(warning for keys, warning in data["warnings"] if not keys),
            self.known_organisations | data["organisations"],
        )


class ShownPlan(PlanFile):
    """What `plan show --json` prints, as a file."""

    rows = "rows"
    activities = _rows("rows")

    class Meta:
        # Counts and quotas are told again from the rows.
        unknown = EXCLUDE

    @post_load
    def _once(self, plan: Plan, **_: Any) -> Plan:
        """A reading of a text lists the rows' warnings beside the rows as well."""
        on_rows = {warning for row in plan.activities for warning in row.warnings}
        return replace(plan, warnings=tuple(warning for warning in plan.warnings if warning not in on_rows))


class _Wrong(dict[Any, Any]):
    """Messages in the nesting that marshmallow reports."""

    def add(self, table: str, index: int, key: str, text: str) -> None:
        self.setdefault(table, {}).setdefault(index, {}).setdefault(key, []).append(text)

"""What stands in config/calendars.yaml and config/targets.yaml, checked and made into values."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from ticketing.clocks.hypercare import Hypercare
from ticketing.clocks.rules import CalendarError, Interval, OpeningHours, parse_interval
from ticketing.clocks.targets import Duration, RungTarget, Selector, SpanTarget, parse_duration
from ticketing.vocabulary import Lane, Priority, Rung, Sector

SHARE = validate.Range(0, 1, min_inclusive=False, error="expected a share above 0, at most 1")
#: "#", "@" and "." have a meaning in the names that clocks keep (`clocks.days`).
CALENDAR_KEY = r"[^\W_][\w-]{0,39}\Z"
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OpeningsField(fields.Field[tuple[Interval, ...]]):
    """ "07:45-15:00", or a list of such."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[Interval, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValidationError('expected an opening such as "07:45-15:00", or a list of such')
        try:
            return tuple(parse_interval(text) for text in texts)
        except CalendarError as error:
            raise ValidationError(str(error)) from error


class DurationField(fields.Field[Duration]):
    """ "15 min", "4 h" or "2 d"."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Duration:
        try:
            return parse_duration(str(value))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class MonthDayField(fields.Field[tuple[int, int]]):
    """ "06-05": the same date every year."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[int, int]:
        try:
            # A leap year, so that 29 February may stand.
            day = date.fromisoformat(f"2024-{value}")
        except ValueError as error:
            raise ValidationError(f'expected month-day such as "12-24", not {value!r}') from error
        return (day.month, day.day)


class WeekSchema(Schema):
    """Openings by weekday; a day that is left out is closed."""

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> OpeningHours:
        return OpeningHours(tuple(data.get(day, ()) for day in _WEEKDAYS))


Week = WeekSchema.from_dict({day: OpeningsField() for day in _WEEKDAYS}, name="Week")


@dataclass(frozen=True)
class Period:
    """Dates in a row, both ends included, and why they are special."""

    first: date
    last: date
    name: str

    def dates(self) -> Iterator[date]:
        """Each date from the first to the last."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


class PeriodSchema(Schema):
    """Closed dates, both ends included."""

    first = fields.Date(required=True, data_key="from")
    last = fields.Date(required=True, data_key="to")
    name = fields.String(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Period:
        if not 0 <= (data["last"] - data["first"]).days < 366:
            raise ValidationError("expected the last date on or after the first, at most a year later", "to")
        return Period(**data)


class LocalHolidaySchema(Schema):
    """A day that is a holiday by the municipality's choice."""

    on = MonthDayField(required=True)
    name = fields.String(required=True)


class OneOffSchema(Schema):
    """A date with hours of its own."""

    on = fields.Date(required=True)
    hours = OpeningsField(required=True)
    name = fields.String(required=True)


class ChangeSchema(Schema):
    """New hours from a date on."""

    valid_from = fields.Date(required=True)
    hours = fields.Nested(Week, required=True)


class CalendarSchema(Schema):
    """One calendar."""

    name = fields.String(required=True, validate=validate.Length(min=1))
    hours = fields.Nested(Week, required=True)
    changes = fields.List(fields.Nested(ChangeSchema), load_default=[])
    public_holidays = fields.Boolean(load_default=True)
    school_holidays = fields.Boolean(load_default=False)
    closed = fields.List(fields.Nested(PeriodSchema), load_default=[])
    openings = fields.List(fields.Nested(OneOffSchema), load_default=[])


class CalendarsSchema(Schema):
    """config/calendars.yaml."""

    time_zone = fields.String(required=True)
    local_holidays = fields.List(fields.Nested(LocalHolidaySchema), load_default=[])
    school_holidays = fields.List(fields.Nested(PeriodSchema), load_default=[])
    calendars = fields.Dict(
        keys=fields.String(validate=validate.Regexp(CALENDAR_KEY, error="expected a short key such as skole")),
        values=fields.Nested(CalendarSchema),
        required=True,
    )
    rungs = fields.Dict(keys=fields.Enum(Rung, by_value=True), values=fields.String(), required=True)
    sectors = fields.Dict(keys=fields.Enum(Sector, by_value=True), values=fields.String(), required=True)
    otherwise = fields.String(required=True)


class SelectorSchema(Schema):
    """The `for` of a row."""

    sector = fields.Enum(Sector, by_value=True)
    rung = fields.Enum(Rung, by_value=True)
    lane = fields.Enum(Lane, by_value=True)
    priority = fields.Enum(Priority, by_value=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Selector:
        return Selector(**data)


class RungTargetSchema(Schema):
    """A row of `rung_targets`."""

    selector = fields.Nested(SelectorSchema, data_key="for", load_default=Selector())
    first_response = DurationField(required=True)
    rung = DurationField(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> RungTarget:
        return RungTarget(**data)


class SpanTargetSchema(Schema):
    """A row of `end_to_end` or `vendor_follow_up`."""

    selector = fields.Nested(SelectorSchema, data_key="for", load_default=Selector())
    within = DurationField(required=True)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> SpanTarget:
        return SpanTarget(**data)


class HypercareSchema(Schema):
    """Tighter targets around a go-live."""

    before = fields.Integer(required=True, validate=validate.Range(0, 60))
    after = fields.Integer(required=True, validate=validate.Range(0, 60))
    share = fields.Float(required=True, validate=SHARE)
    warn_share = fields.Float(required=True, validate=SHARE)
    go_live = fields.Dict(keys=fields.Enum(Sector, by_value=True), values=fields.Date(), load_default=dict)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> Hypercare:
        return Hypercare(**data)


class TargetsSchema(Schema):
    """config/targets.yaml."""

    warn_share = fields.Float(required=True, validate=SHARE)
    rung_targets = fields.List(fields.Nested(RungTargetSchema), required=True)
    end_to_end = fields.List(fields.Nested(SpanTargetSchema), required=True)
    vendor_follow_up = fields.List(fields.Nested(SpanTargetSchema), required=True)
    breach_notice = DurationField(required=True)
    hypercare = fields.Nested(HypercareSchema, load_default=None)

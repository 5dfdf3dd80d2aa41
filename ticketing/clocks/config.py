"""A municipality's calendars and targets: two YAML texts, checked and made into values.

What a municipality begins with stands in config/calendars.yaml and config/targets.yaml; what it changes
later stands in its editions (`ticketing.clocks.editions`), which are the same two texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
from marshmallow import ValidationError, validates_schema

from ticketing.clocks.days import Reference, Revisions, parse_reference
from ticketing.clocks.hypercare import Hypercare
from ticketing.clocks.rules import ALWAYS, Calendar, CalendarError, Version
from ticketing.clocks.schemas import CalendarsSchema, Period, TargetsSchema
from ticketing.clocks.targets import Duration, Policy, RungTarget, SpanTarget, first_match
from ticketing.configuration import ConfigurationError, load_text, read_text
from ticketing.vocabulary import Lane, Priority, Rung, Sector

#: The calendar that never stands still: for P1 and lane `brud`.
ALWAYS_KEY = "always"
#: Written in place of a calendar: that of the sector.
FOLLOWS_SECTOR = "sector"
#: Public holidays are known for these years; the rollout plan begins in 2018.
_YEARS = range(2015, 2076)


class UnknownCalendar(LookupError):
    """`key` names no calendar that there is."""

    def __init__(self, key: str, known: list[str]) -> None:
        self.key = key
        self.known = known
        super().__init__(f"no calendar {key!r}; there are {', '.join(known)}")


@dataclass(frozen=True)
class ClockTexts:
    """The two texts as they are written, comments and all."""

    calendars: str
    targets: str


@dataclass(frozen=True)
class ClockConfig:
    """Calendars, and targets by sector, rung, lane and priority (first match wins).

    `edition` is the id of the municipality's edition that it is; None: the files in config/.
    """

    texts: ClockTexts
    calendars: Mapping[str, Calendar]
    names: Mapping[str, str]
    #: By calendar, why a date is closed or has hours of its own.
    special_days: Mapping[str, Mapping[date, str]]
    #: The calendars that close in the schools' holidays.
    school_calendars: frozenset[str]
    rung_calendars: Mapping[Rung, str]
    sector_calendars: Mapping[Sector, str]
    otherwise: str
    warn_share: float
    rung_targets: tuple[RungTarget, ...]
    end_to_end: tuple[SpanTarget, ...]
    vendor_follow_up: tuple[SpanTarget, ...]
    breach_notice: Duration
    #: None: the municipality has no hypercare.
    hypercare: Hypercare | None
    edition: int | None = None

    def calendar(self, key: str) -> Calendar:
        """The calendar called `key`. Raises `UnknownCalendar`."""
        try:
            return self.calendars[key]
        except KeyError:
            raise UnknownCalendar(key, sorted(self.calendars)) from None

    def name_of(self, name: str) -> str:
        """What people call the calendar `name`, which may name local days as well."""
        base = parse_reference(name).base
        return self.names.get(base, base)

    def rung_calendar(self, sector: Sector | None, rung: Rung) -> str:
        """The key of the calendar that `rung` works by, for an item of `sector`."""
        key = self.rung_calendars[rung]
        return self.unit_calendar(sector) if key == FOLLOWS_SECTOR else key

    def unit_calendar(self, sector: Sector | None) -> str:
        """The key of the calendar of a unit in `sector` that names none of its own."""
        return self.sector_calendars[sector] if sector else self.otherwise

    def policy(
        self,
        sector: Sector | None,
        rung: Rung,
        lane: Lane,
        priority: Priority,
        unit_calendar: str | None,
        *,
        near: Revisions = (),
        wide: Revisions = (),
    ) -> Policy:
        """The targets for an item at `rung`. `unit_calendar` is that of the asker's unit (None: the
        sector's). `near` names the local days around the unit, `wide` those of the whole municipality, which
        rungs outside the sector follow. P1 and lane `brud` never stop. Raises `UnknownCalendar`."""
        never_stops = priority is Priority.P1 or lane is Lane.BREACH
        rung_key = ALWAYS_KEY if never_stops else self.rung_calendar(sector, rung)
        total_key = ALWAYS_KEY if never_stops else unit_calendar or self.unit_calendar(sector)
        in_house = self.rung_calendars[rung] == FOLLOWS_SECTOR
        by_rung, by_unit = self.calendar(rung_key), self.calendar(total_key)
        target = first_match(self.rung_targets, sector, rung, lane, priority)
        total = first_match(self.end_to_end, sector, rung, lane, priority)
        assert target and total, "load_clock_config has seen that every item has a target"
        return Policy(
            rung_calendar=rung_key if never_stops else self.named(rung_key, near if in_house else wide),
            first_response=target.first_response.seconds(by_rung),
            rung=target.rung.seconds(by_rung),
            total_calendar=total_key if never_stops else self.named(total_key, near),
            total=total.within.seconds(by_unit),
            warn_share=self.warn_share,
            notice=self.breach_notice.seconds(ALWAYS) if lane is Lane.BREACH else None,
            edition=self.edition,
        )

    def vendor_interval(
        self, sector: Sector | None, rung: Rung, lane: Lane, priority: Priority
    ) -> tuple[str, int]:
        """How often a vendor is asked again while the item stands at `rung`: (calendar name, seconds)."""
        never_stops = priority is Priority.P1 or lane is Lane.BREACH
        key = ALWAYS_KEY if never_stops else self.rung_calendar(sector, rung)
        row = first_match(self.vendor_follow_up, sector, rung, lane, priority)
        assert row, "load_clock_config has seen that every item has a follow-up"
        return key if never_stops else self.named(key, ()), row.within.seconds(self.calendar(key))

    def named(self, key: str, days: Revisions) -> str:
        """The name that clocks keep. A calendar that never closes is the same in every edition."""
        return key if key == ALWAYS_KEY else str(Reference(key, days, self.edition))


def load_clock_config(config_dir: Path) -> ClockConfig:
    """Reads both files. Raises `ConfigurationError` with file, line, key and what was expected."""
    return _load(config_dir.resolve())


def load_clock_texts(texts: ClockTexts, edition: int | None = None) -> ClockConfig:
    """What the two texts say, as `edition`. Raises `ConfigurationError`, which calls them calendars.yaml and
    targets.yaml. Equal texts share their compiled calendars."""
    return replace(_made(texts), edition=edition)


def text_errors(texts: ClockTexts) -> list[ConfigurationError]:
    """What is wrong in either text; empty when both can be used."""
    found = []
    for read, text in ((_read_calendars, texts.calendars), (_read_targets, texts.targets)):
        try:
            read(text)
        except ConfigurationError as error:
            found.append(error)
    return found


@cache
def _load(config_dir: Path) -> ClockConfig:
    files = [config_dir / "calendars.yaml", config_dir / "targets.yaml"]
    texts = ClockTexts(*(read_text(file) for file in files))
    for text, file, schema in zip(
        vars(texts).values(), files, (_CheckedCalendars, _CheckedTargets), strict=True
    ):
        load_text(file, text, schema())  # errors name the whole path
    return _made(texts)


@lru_cache(maxsize=256)
def _made(texts: ClockTexts) -> ClockConfig:
    found = _read_calendars(texts.calendars)
    targets = _read_targets(texts.targets)
    return ClockConfig(
        texts=texts,
        calendars=found["compiled"],
        names={key: made["name"] for key, made in found["calendars"].items()},
        special_days=found["special"],
        school_calendars=frozenset(key for key, made in found["calendars"].items() if made["school_holidays"]),
        rung_calendars=found["rungs"],
        sector_calendars=found["sectors"],
        otherwise=found["otherwise"],
        warn_share=targets["warn_share"],
        rung_targets=tuple(targets["rung_targets"]),
        end_to_end=tuple(targets["end_to_end"]),
        vendor_follow_up=tuple(targets["vendor_follow_up"]),
        breach_notice=targets["breach_notice"],
        hypercare=targets["hypercare"],
    )


@lru_cache(maxsize=256)
def _read_calendars(text: str) -> dict[str, Any]:
    """The checked text, with its calendars `compiled` and their `special` days. Not to be changed."""
    found: dict[str, Any] = load_text(Path("calendars.yaml"), text, _CheckedCalendars())
    zone = ZoneInfo(found["time_zone"])
    public = danish_holidays() | {
        date(year, month, day): local["name"]
        for local in found["local_holidays"]
        for year in _YEARS
        for month, day in (local["on"],)
        if (month, day) != (2, 29) or year % 4 == 0
    }
    school = _dates(found["school_holidays"])
    special = {}
    compiled = {}
    for key, made in found["calendars"].items():
        special[key] = _closed(made, public, school) | {one["on"]: one["name"] for one in made["openings"]}
        compiled[key] = _calendar(zone, made, frozenset(_closed(made, public, school)))
    return {**found, "compiled": compiled, "special": special}


@lru_cache(maxsize=256)
def _read_targets(text: str) -> dict[str, Any]:
    found: dict[str, Any] = load_text(Path("targets.yaml"), text, _CheckedTargets())
    return found


def _closed(made: dict[str, Any], public: Mapping[date, str], school: Mapping[date, str]) -> dict[date, str]:
    """The dates on which a calendar is closed, with why; a public holiday's name beats a school's."""
    return {
        **(school if made["school_holidays"] else {}),
        **(public if made["public_holidays"] else {}),
        **_dates(made["closed"]),
    }


def _dates(periods: list[Period]) -> dict[date, str]:
    return {day: period.name for period in periods for day in period.dates()}


def _calendar(zone: ZoneInfo, made: dict[str, Any], closed: frozenset[date]) -> Calendar:
    changes = (Version(change["hours"], change["valid_from"]) for change in made["changes"])
    openings = {opening["on"]: opening["hours"] for opening in made["openings"]}
    return Calendar(zone, (Version(made["hours"]), *changes), closed, openings)


@cache
def danish_holidays() -> dict[date, str]:
    """Denmark's public holidays and what they are called; store bededag up to 2023 (Act 214 of 2023)."""
    return dict(holidays.country_holidays("DK", years=_YEARS, language="da"))


class _CheckedCalendars(CalendarsSchema):
    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        """Each part is right; here: that they fit together."""
        errors: dict[str, Any] = {}
        try:
            zone = ZoneInfo(data["time_zone"])
        except (ZoneInfoNotFoundError, ValueError) as error:
            wrong = "expected a time zone such as Europe/Copenhagen"
            raise ValidationError(wrong, "time_zone") from error
        for key, made in data["calendars"].items():
            try:
                _calendar(zone, made, frozenset())
            except CalendarError as error:
                errors.setdefault("calendars", {})[key] = {"hours": [str(error)]}
        known = data["calendars"].keys()
        names = f"expected one of {', '.join(sorted(known))}"
        always = data["calendars"].get(ALWAYS_KEY)
        if not always or _calendar(zone, always, frozenset()).versions != ALWAYS.versions:
            errors.setdefault("calendars", {})[ALWAYS_KEY] = ["expected a calendar that is open day and night"]
        for list_name, kind, allowed in (("rungs", Rung, {*known, FOLLOWS_SECTOR}), ("sectors", Sector, known)):
            for member in kind:
                if data[list_name].get(member) not in allowed:
                    errors.setdefault(list_name, {})[member.value] = [names]
        if data["otherwise"] not in known:
            errors["otherwise"] = [names]
        if errors:
            raise ValidationError(errors)


class _CheckedTargets(TargetsSchema):
    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        """Every item must find a row in each list, and the 72 hours are no working days."""
        errors: dict[str, list[str]] = {}
        for name in ("rung_targets", "end_to_end", "vendor_follow_up"):
            missing = _first_unmatched(data[name])
            if missing:
                errors[name] = [f"no row fits {missing}; end the list with rows for all"]
        if data["breach_notice"].unit == "d":
            errors["breach_notice"] = ["expected hours on the wall, such as 72 h"]
        if errors:
            raise ValidationError(dict(errors))


def _first_unmatched(rows: list[Any]) -> str | None:
    for sector in (*Sector, None):
        for rung in Rung:
            for lane in Lane:
                for priority in Priority:
                    if first_match(rows, sector, rung, lane, priority) is None:
                        return f"{sector or 'no sector'}, {rung}, {lane}, {priority}"
    return None

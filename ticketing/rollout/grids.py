"""Reads a plan from a spreadsheet or CSV: a row an activity, headings in Danish or English."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from ticketing.organisation.rules import KIND_NAMES, ROLE_NAMES
from ticketing.organisation.tables import Problem, sheets
from ticketing.rollout.checks import default_category, faults
from ticketing.rollout.periods import spans
from ticketing.rollout.plan import Activity
from ticketing.rollout.schemas import ActivityFile
from ticketing.rollout.weeks import NoSuchDay
from ticketing.vocabulary import ActivityCategory, Sector, UnitKind

#: Value → the headings that its column may have, in lower case; the first is what errors call it.
COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "nøgle", "nr", "nr."),
    "category": ("kategori", "category", "type"),
    "sector": ("sektor", "sector", "område"),
    "audience": ("målgruppe", "aktivitet", "audience", "opgave"),
    "responsible": ("ansvarlig", "responsible"),
    "trainers": ("undervisere", "underviser", "trainers"),
    "per": ("opgave pr.", "pr.", "per"),
    "period": ("periode", "period", "tidspunkt", "dato"),
    "start": ("fra", "start", "startdato", "begynder"),
    "end": ("til", "slut", "slutdato", "end"),
    "revised_start": ("revideret fra", "ny start", "revised_start"),
    "revised_end": ("revideret til", "ny slut", "revised_end"),
    "hours": ("timer", "varighed", "hours"),
    "note": ("bemærkning", "note"),
    "paid_seats": ("betalte pladser", "pladser", "antal", "paid_seats"),
    "extra_seats": ("ekstra pladser", "extra_seats"),
    "participants": ("deltagere", "participants"),
    "topics": ("emner", "topics"),
    "depends_on": ("afhænger af", "venter på", "depends_on"),
    "section": ("afsnit", "section"),
    "line": ("linje", "line"),
    "raw": ("kildetekst", "tekst", "raw"),
}
_LISTS = ("trainers", "topics", "depends_on")
_CATEGORIES = {
    "fase": ActivityCategory.PHASE.value,
    "uddannelse": ActivityCategory.TRAINING.value,
    "opsætning": ActivityCategory.SETUP.value,
    "forældre og elever": ActivityCategory.FAMILIES.value,
    "forældre": ActivityCategory.FAMILIES.value,
    "go live": ActivityCategory.GO_LIVE.value,
    "go-live": ActivityCategory.GO_LIVE.value,
}
_ROLES = {name.lower(): role.value for role, names in ROLE_NAMES.items() for name in names}
_PER = {
    KIND_NAMES[kind]: kind.value
    for kind in (UnitKind.MUNICIPALITY, UnitKind.SECTOR, UnitKind.INSTITUTION, UnitKind.DEPARTMENT)
}
_ALL_SECTORS = frozenset({"", "alle", "all"})


def read_grid(path: Path, name: str, organisations: Mapping[str, str]) -> tuple[list[Activity], list[str]]:
    """The activities of all sheets, and what is wrong: "plan.csv, række 4, til: …". With a problem nothing of
    the file should be used."""
    unreadable: list[Problem] = []
    activities: list[Activity] = []
    problems: list[str] = []
    rows: list[tuple[str, int]] = []
    names = {title.lower(): key for key, title in organisations.items()}
    for source, _, lines in sheets(path, unreadable, []):
        shown = source.replace(path.name, name, 1)
        numbered = [(n, [cell.strip() for cell in line]) for n, line in enumerate(lines, 1)]
        numbered = [(n, line) for n, line in numbered if any(line)]
        places = _places(numbered[0][1]) if numbered else {}
        if "audience" not in places:
            problems.append(f"{shown}, række 1: overskriften skal have kolonnen målgruppe eller aktivitet")
            continue
        for number, line in numbered[1:]:
            values = {key: line[at] for key, at in places.items() if at < len(line)}
            made = _activity(values, activities, names)
            if isinstance(made, Activity):
                activities.append(made)
                rows.append((shown, number))
            else:
                problems += [f"{shown}, række {number}, {column}: {what}" for column, what in made]
    problems += [str(problem).replace(path.name, name, 1) for problem in unreadable]
    for fault in faults(activities, organisations):
        shown, number = rows[fault.index]
        problems.append(f"{shown}, række {number}, {_heading(fault.key)}: {fault.text}")
    if not activities and not problems:
        problems.append(f"{name}: filen har ingen rækker")
    return activities, problems


def _places(headers: Sequence[str]) -> dict[str, int]:
    found = [header.lower() for header in headers]
    return {
        key: next(found.index(word) for word in words if word in found)
        for key, words in COLUMNS.items()
        if any(word in found for word in words)
    }


def _activity(
    values: dict[str, str], before: Sequence[Activity], names: Mapping[str, str]
) -> Activity | list[tuple[str, str]]:
    data: dict[str, Any] = {key: value for key, value in values.items() if value}
    for key in _LISTS:
        data[key] = [part.strip() for part in data.get(key, "").replace(";", ",").split(",") if part.strip()]
    data["trainers"] = [_ROLES.get(part.lower(), names.get(part.lower(), part)) for part in data["trainers"]]
    data["responsible"] = _word(data.get("responsible"), _ROLES)
    data["sector"] = None if data.get("sector", "").lower() in _ALL_SECTORS else _sector(data["sector"])
    if "per" in data:
        data["per"] = _word(data["per"], _PER)
    data["category"] = _category(data)
    data["id"] = data.get("id") or _free_id(data["category"], before)
    try:
        _periods(data)
    except NoSuchDay as error:
        return [(COLUMNS["period"][0], str(error))]
    try:
        made = ActivityFile().load({key: value for key, value in data.items() if value is not None})
    except ValidationError as error:
        return list(_told(error.messages))
    assert isinstance(made, Activity)
    return made


def _periods(data: dict[str, Any]) -> None:
    """One column with a period in words, or two with days; revised ones beside them."""
    if "period" in data:
        text = data.pop("period")
        found = spans(text)
        if len(found) != 1:
            raise NoSuchDay(f"forventede én periode som »uge 41-43 2019«, ikke »{text}«")
        if found[0].year_missing:
            raise NoSuchDay(f"årstallet mangler i »{text}«")
        period = found[0].period()
        data["baseline"] = {"start": _iso(period.start), "end": _iso(period.end)}
    elif "start" in data or "end" in data:
        data["baseline"] = {"start": data.pop("start", None), "end": data.pop("end", None)}
    revised = {key: data.pop(f"revised_{key}", None) for key in ("start", "end")}
    if any(revised.values()):
        data["revised"] = revised


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _category(data: dict[str, Any]) -> str:
    named = str(data.get("category", "")).lower()
    if named:
        return _CATEGORIES.get(named, named)
    guessed = default_category(str(data.get("id", "")))
    return guessed.value if guessed else ActivityCategory.TRAINING.value


def _free_id(category: str, before: Sequence[Activity]) -> str:
    letters = {"phase": "P", "training": "U", "setup": "S", "families": "F", "go_live": "G"}
    letter = letters.get(category, "A")
    taken = {activity.id for activity in before}
    return next(key for n in range(1, 10_000) if (key := f"{letter}{n:02}") not in taken)


def _sector(text: str) -> str:
    word = text.lower()
    return next((sector.value for sector in Sector if sector.value == word.removesuffix("r")), word)


def _word(text: str | None, words: Mapping[str, str]) -> str | None:
    return words.get(text.lower(), text.lower()) if text else None


def _told(messages: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """(column, what is wrong) of each of marshmallow's nested messages."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _told(inner, (*path, str(key)))
    else:
        for message in messages:
            yield _heading(*path[:2]), str(message)


def _heading(key: str, part: str = "start") -> str:
    """What errors call a column."""
    names = {"baseline": part, "revised": f"revised_{part}", "seats": "paid_seats"}
    return COLUMNS.get(names.get(key, key), (key,))[0]

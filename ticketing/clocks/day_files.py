"""Reads closing days from a municipality's files: CSV with a row a period, or an ICS calendar."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from icalendar import Calendar as IcsCalendar

from ticketing.clocks.days import LocalDays
from ticketing.clocks.rules import CalendarError, parse_interval
from ticketing.organisation.checks import parse_date
from ticketing.vocabulary import DayKind

COLUMNS = {
    "first": ("fra", "dato", "from", "date"),
    "last": ("til", "to"),
    "name": ("navn", "name"),
    "kind": ("type", "kind"),
    "hours": ("åbningstid", "hours"),
}
KINDS = {
    "lukket": DayKind.CLOSED,
    "closed": DayKind.CLOSED,
    "skoleferie": DayKind.SCHOOL_HOLIDAY,
    "ferie": DayKind.SCHOOL_HOLIDAY,
    "school_holiday": DayKind.SCHOOL_HOLIDAY,
    "åbent": DayKind.OPENING,
    "opening": DayKind.OPENING,
}
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Problem:
    """What is wrong in which line of the file (for ICS: the event's number), in Danish."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"linje {self.line}: {self.text}"


@dataclass(frozen=True)
class DayFile:
    """What a file holds. With a problem nothing of it should be kept."""

    days: tuple[LocalDays, ...]
    problems: tuple[Problem, ...]


def read_days(path: Path, kind: DayKind = DayKind.CLOSED) -> DayFile:
    """The days in a CSV or ICS file; `kind` is that of rows and events that don't say theirs."""
    content = path.read_bytes()
    rows = _ics(content, kind) if content.lstrip()[:15].upper() == b"BEGIN:VCALENDAR" else _csv(content, kind)
    days, problems = [], []
    for line, found in rows:
        if isinstance(found, LocalDays):
            days.append(found)
        else:
            problems.append(Problem(line, found))
    if not days and not problems:
        problems.append(Problem(1, "filen har ingen dage"))
    return DayFile(tuple(days), tuple(problems))


def _csv(content: bytes, kind: DayKind) -> Iterator[tuple[int, LocalDays | str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in head else ",")
    places: dict[str, int] = {}
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if not places:
            heads = [cell.lower() for cell in cells]
            places = {
                name: heads.index(word) for name, words in COLUMNS.items() for word in words if word in heads
            }
            if not {"first", "name"} <= places.keys():
                yield reader.line_num, "overskriften skal mindst have kolonnerne fra;navn"
                return
            continue
        values = {name: cells[at] if at < len(cells) else "" for name, at in places.items()}
        yield reader.line_num, _row(values, kind)


def _row(values: dict[str, str], kind: DayKind) -> LocalDays | str:
    try:
        first = parse_date(values["first"])
        last = parse_date(values.get("last", "")) or first
    except ValueError:
        return f"datoen kan ikke læses: {values['first']} {values.get('last', '')}".rstrip()
    word = values.get("kind", "").lower()
    if word and word not in KINDS:
        return f"typen »{word}« kendes ikke; skriv lukket, skoleferie eller åbent"
    if first is None or last is None:
        return "datoen mangler"
    try:
        hours = tuple(parse_interval(part) for part in values.get("hours", "").split())
    except CalendarError:
        return f"åbningstiden kan ikke læses: {values['hours']} (skriv for eksempel 09:00-12:00)"
    return _days(KINDS.get(word, kind), first, last, values["name"], hours)


def _days(
    kind: DayKind, first: date, last: date, name: str, hours: tuple[tuple[int, int], ...]
) -> LocalDays | str:
    if last < first:
        return f"slutter {last:%d.%m.%Y}, før den begynder {first:%d.%m.%Y}"
    if last - first > LONGEST:
        return "er længere end et år; er årstallet rigtigt?"
    if not name.strip():
        return "navnet mangler"
    if kind is DayKind.OPENING and not hours:
        return "en åben dag skal have en åbningstid"
    if kind is not DayKind.OPENING and hours:
        return "en lukket dag har ingen åbningstid; skriv typen åbent"
    return LocalDays(kind, first, last, name.strip()[:120], hours)


def _ics(content: bytes, kind: DayKind) -> Iterator[tuple[int, LocalDays | str]]:
    """RFC 5545: an all-day event is the days it spans; its end is the day after."""
    try:
        calendar = IcsCalendar.from_ical(content)
        events = calendar.walk("VEVENT")
    except (ValueError, IndexError, KeyError) as error:
        yield 1, f"kalenderfilen kan ikke læses: {error}"
        return
    for number, event in enumerate(events, start=1):
        start = getattr(event.get("DTSTART"), "dt", None)
        if not isinstance(start, date) or isinstance(start, datetime):
            yield number, "begivenheden er ikke en hel dag; en åbning skrives i en CSV-fil"
            continue
        if event.get("RRULE") is not None:
            yield number, "begivenheden gentager sig; skriv hver dato for sig"
            continue
        end = getattr(event.get("DTEND"), "dt", None)
        length = getattr(event.get("DURATION"), "dt", timedelta(days=1))
        after = end if isinstance(end, date) and not isinstance(end, datetime) else start + length
        yield (
            number,
            _days(kind, start, max(after - timedelta(days=1), start), str(event.get("SUMMARY", "")), ()),
        )

"""Reads a plan written as prose and tables: rows, seats and what is wrong, as proposals. Pure.

1. Tables are found, and of these the time tables: a row for each period. Lists of "who: when" below a heading
   or a line that announces dates count as one. 2. Counts of seats come from lists and tables. 3. Years that
   are missing are taken from the neighbours, and periods that can't be get a proposal. 4. The general checks
   look at rows and prose. Nothing is corrected: what was inferred is marked, and what was read stays in `raw`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ticketing.rollout import prose, sanity, seats
from ticketing.rollout.draft import Counted, Draft
from ticketing.rollout.layouts import tables
from ticketing.rollout.lines import Line, is_bullet, plain, read_lines, sections
from ticketing.rollout.periods import Span, spans
from ticketing.rollout.plan import Activity, Quota, Warning
from ticketing.rollout.schoolyear import DaysOff
from ticketing.rollout.table import Cell, Table, head_kind
from ticketing.rollout.words import category_of, length_in, number_in, role_in, roles_in, sectors_in
from ticketing.vocabulary import ActivityCategory, Role, TaskPer

_ANNOUNCES = re.compile(
    r"tidsplan|tidspunkter|datoer|kalender|milepæl|terminer|kursusplan|plan\s+for|forløb|finder\s+sted|følgende\s+dage|hvornår",
    re.IGNORECASE,
)
_LETTERS = {
    ActivityCategory.PHASE: "P",
    ActivityCategory.TRAINING: "U",
    ActivityCategory.SETUP: "S",
    ActivityCategory.FAMILIES: "F",
    ActivityCategory.GO_LIVE: "G",
}
_RESPONSIBLE = {
    ActivityCategory.PHASE: Role.PROJECT_GROUP,
    ActivityCategory.TRAINING: Role.PROJECT_GROUP,
    ActivityCategory.SETUP: Role.MUNICIPAL_ADMIN,
    ActivityCategory.FAMILIES: Role.LEADER,
    ActivityCategory.GO_LIVE: Role.STEERING_GROUP,
}


@dataclass(frozen=True)
class Proposed:
    """What a file proposes. `activities` carry their own warnings; `warnings` belong to no row."""

    activities: tuple[Activity, ...]
    quotas: tuple[Counted, ...] = ()
    warnings: tuple[Warning, ...] = ()

    @property
    def all_warnings(self) -> tuple[Warning, ...]:
        """Those of the rows and the others, in the order of their lines."""
        every = [*self.warnings, *(warning for row in self.activities for warning in row.warnings)]
        return tuple(sorted(dict.fromkeys(every), key=lambda warning: (warning.line or 10**9, warning.kind)))


def read_plan(text: str, organisations: Mapping[str, str], off: DaysOff) -> Proposed:
    """What `text` proposes. `organisations` are those that may train, by key; `off` knows the holidays."""
    lines = read_lines(text)
    where = sections(lines)
    found = tables(lines)
    taken = {number for table in found for number in range(table.first, table.last + 1)}
    drafts = [
        draft
        for index, table in enumerate(found)
        if table.period_column is not None
        for draft in _of_table(table, index, lines, where)
    ]
    listed = list(_of_lists(lines, where, taken, len(found)))
    taken |= {draft.line for draft in listed}
    drafts = sorted([*drafts, *listed], key=lambda draft: (draft.line, draft.when_line))
    free = [line for line in lines if line.number not in taken and not line.is_heading]
    counted = seats.counted(free, found)
    matrix = prose.trainers(found)
    for draft in drafts:
        _trained_by(draft, matrix, organisations)
    sanity.settle_periods(drafts, prose.named_years(lines, taken))
    seats.give_seats(drafts, counted)
    warnings = [
        *sanity.check_rows(drafts, prose.phases(free), off),
        *seats.mismatches(counted, drafts, free),
        *prose.findings(lines, free, found, drafts, counted, organisations),
    ]
    return Proposed(tuple(_activities(drafts)), tuple(counted), tuple(dict.fromkeys(warnings)))


def _of_table(table: Table, index: int, lines: Sequence[Line], where: Sequence[str | None]) -> Iterator[Draft]:
    """A draft for each period in the table; a row without one is a draft too, undated."""
    at, end_at = table.period_column, table.column("end")
    assert at is not None
    context = " ".join([*table.header, intro(lines, table.first), where[table.first - 1] or ""])
    kinds = {n: head_kind(head) for n, head in enumerate(table.header)}
    for row in table.rows:
        label_cells = [
            row[n] for n in range(len(row)) if n not in (at, end_at) and _is_label(kinds.get(n), row[n])
        ]
        label = Cell(tuple(line for cell in label_cells for line in cell.lines))
        if not label.text and not row[at].text:
            continue
        when_cell = row[at]
        if not when_cell.text and spans(label.text):
            label, when_cell = _parted(label)
        more = {kind: row[n].text for n, kind in kinds.items() if kind and n < len(row)}
        for when, own in _whens(when_cell, row[end_at] if end_at is not None else None):
            yield _draft(label, when, own, index, where, context, more)


def _parted(label: Cell) -> tuple[Cell, Cell]:
    """A label that ran into the next column, parted at its period."""
    number, text = next(((number, text) for number, text in label.lines if spans(text)), (0, ""))
    split = _split(Line(number, text))
    if split is None:
        return label, Cell(())
    rest = tuple(line for line in label.lines if line[0] != number)
    return Cell(((number, split[0]), *rest)), Cell(((number, split[1]),))


def _is_label(kind: str | None, cell: Cell) -> bool:
    return kind in (None, "label", "sector", "note") and bool(cell.text)


def _whens(cell: Cell, end: Cell | None) -> Iterator[tuple[tuple[int, str], str]]:
    """(line, text) of each period in a cell, with the words beside it. Lines that each hold a period of their
    own are apart; one that goes on with the line above is not."""
    if end is not None and spans(cell.text) and spans(end.text):
        yield (cell.number, f"{cell.text} - {end.text}"), ""
        return
    parts: list[tuple[int, str]] = []
    for number, text in cell.lines:
        goes_on = parts and (
            not spans(text)
            or re.match(r"\s*(?:[-–—]|til\b|og\b|t\.o\.m)", text)
            or _is_open_range(parts[-1][1])
        )
        if goes_on:
            parts[-1] = (parts[-1][0] if spans(parts[-1][1]) else number, f"{parts[-1][1]} {text}")
        else:
            parts.append((number, text))
    if len(parts) < 2:
        yield (cell.number, cell.text), ""
        return
    for number, text in parts:
        yield (number, text), _beside(text)


def _is_open_range(text: str) -> bool:
    return bool(re.search(r"(?:[-–—]|\btil|\bog|,)\s*$", text)) or not spans(text)


def _beside(text: str) -> str:
    """The words of a period's line that are not the period: "30.09 - Skypemøde" gives "Skypemøde"."""
    found = spans(text)
    rest = text[: found[0].at[0]] + " " + text[found[-1].at[1] :] if found else text
    return plain(rest).strip(" -–—:,.;()")


def _draft(
    label: Cell,
    when: tuple[int, str],
    own: str,
    table: int,
    where: Sequence[str | None],
    context: str,
    more: Mapping[str, str],
) -> Draft:
    name = " ".join(plain(text) for _, text in label.lines)
    words = f"{name} {own}"
    found = _chosen(spans(when[1]))
    length = length_in(more.get("hours", "")) or length_in(when[1]) or length_in(name)
    count = number_in(more.get("count", "")) if more.get("count") else None
    named = roles_in(more["trainers"]) if more.get("trainers") else ()
    first = label.number or when[0]
    raw = "\n".join([*(text for _, text in label.lines), *([when[1]] if when[1] else [])])
    extra = [
        f"{key}: {more[kind]}"
        for kind, key in (("hours", "Varighed"), ("trainers", "Underviser"), ("count", "Antal"))
        if more.get(kind)
    ]
    return Draft(
        label=f"{name}, {own}" if own else name,
        label_lines=tuple(plain(text) for _, text in label.lines),
        when=when[1],
        line=when[0] if own else first,
        when_line=when[0] or first,
        table=table,
        section=where[first - 1],
        raw="\n".join([raw, *extra]),
        context=context,
        category=category_of(words, f"{when[1]} {context}") or ActivityCategory.TRAINING,
        sectors=sectors_in(more.get("sector", "")) or sectors_in(name) or sectors_in(_headline(context)),
        spans=found,
        hours=length[0] if length else more.get("hours") or None,
        count=count,
        trainers=tuple(role.value for role in sorted(named)),
    )


def _headline(context: str) -> str:
    """What of a table's surroundings speaks of all its rows: nothing that says when."""
    return "" if spans(context) else context


def _chosen(found: list[Span]) -> list[Span]:
    """Of "uge 35: tirsdag den 31. august" the day counts; else everything that is named."""
    exact = [span for span in found if all(edge.day for edge in span.edges)]
    return exact if exact and len(exact) < len(found) else found


def _of_lists(
    lines: Sequence[Line], where: Sequence[str | None], taken: set[int], table: int
) -> Iterator[Draft]:
    """Lines of the form "who: when" or "when: who", two at least: below a line that announces dates, or by
    themselves where each says with a colon or a bullet who it is about."""
    index = 0
    while index < len(lines):
        line = lines[index]
        announced = _announces(line)
        if line.number in taken or not (announced or _is_item(line)):
            index += 1
            continue
        items, end = _items(lines, index + announced, taken, announced=announced)
        index = max(end, index + 1)
        if len(items) >= 2:
            context = line.words if announced else ""
            for item, (who, when) in items:
                yield _draft(Cell(((item.number, who),)), (item.number, when), "", table, where, context, {})


def _items(
    lines: Sequence[Line], start: int, taken: set[int], *, announced: bool
) -> tuple[list[tuple[Line, tuple[str, str]]], int]:
    """The items of a list that begins at `start`, and where it ends."""
    items: list[tuple[Line, tuple[str, str]]] = []
    index, blanks = start, 0
    while index < len(lines) and blanks < 3:
        item = lines[index]
        if item.is_heading or item.number in taken:
            break
        blanks = blanks + 1 if item.is_blank else 0
        split = _split(item) if not item.is_blank and (announced or _is_item(item)) else None
        if split:
            items.append((item, split))
        elif not item.is_blank and not is_bullet(item.text) and (items or not announced or len(item.text) > 90):
            break
        index += 1
    return items, index


def _is_item(line: Line) -> bool:
    """A line that needs no announcement: it says who, a colon, and when, and who is somebody or something."""
    split = _split(line) if ":" in line.text or is_bullet(line.text) else None
    return split is not None and len(line.text) < 120 and bool(role_in(split[0]) or category_of(split[0]))


def _announces(line: Line) -> bool:
    return bool(_ANNOUNCES.search(line.text)) and (line.is_heading or line.text.rstrip().endswith(":"))


def _split(line: Line) -> tuple[str, str] | None:
    """Who and when of a list's line; None where the period doesn't stand at its beginning or its end."""
    text = line.words
    found = spans(text)
    if not found or len(text) > 160:
        return None
    before, after = text[: found[0].at[0]], text[found[-1].at[1] :]
    before = re.sub(
        r"\b(?:den|d\.|i|fra|fra\s+og\s+med|senest|inden|perioden|man\w*|tirs\w*|ons\w*|tors\w*|fre\w*)\s*$",
        "",
        before,
        flags=re.I,
    )
    when = text[len(before) :] if len(before.strip(" -–—:,(")) >= 3 else text
    who = before.strip(" -–—:,(;")
    if len(who) < 3:
        separated = re.match(r"\s*[-–—:|,)]", after)
        who, when = (after.strip(" -–—:,|();.") if separated else ""), text[: found[-1].at[1]]
    return (who, when) if len(who) >= 3 and not who.endswith(".") else None


def intro(lines: Sequence[Line], first: int) -> str:
    """The words that stand right above a table, up to two lines of them."""
    found: list[str] = []
    for line in reversed(lines[max(0, first - 9) : first - 1]):
        if line.is_blank and not found:
            continue
        if line.is_blank or line.is_heading or is_bullet(line.text) or len(found) == 2:
            break
        found.append(line.words)
    return " ".join(reversed(found))


def _trained_by(
    draft: Draft,
    matrix: Mapping[tuple[Role | None, str], tuple[str, ...]],
    organisations: Mapping[str, str],
) -> None:
    """Who trains: the row's own column, who the matrix says, or an organisation that the table is headed by."""
    if draft.category is not ActivityCategory.TRAINING or draft.trainers:
        return
    named = tuple(key for key, name in organisations.items() if name.lower() in draft.context.lower())
    draft.trainers = named or matrix.get((draft.role, draft.sector or ""), ())


def _activities(drafts: Sequence[Draft]) -> Iterator[Activity]:
    counts: dict[str, int] = {}
    for draft in drafts:
        letter = _LETTERS[draft.category]
        counts[letter] = counts.get(letter, 0) + 1
        yield Activity(
            id=f"{letter}{counts[letter]:02}",
            category=draft.category,
            sector=draft.sector,
            audience=draft.label[:300] or draft.when[:300],
            trainers=draft.trainers,
            baseline=draft.period,
            hours=draft.hours[:80] if draft.hours else None,
            quota=Quota(draft.count, None),
            section=draft.section,
            raw=draft.raw,
            line=draft.line,
            inferred_values=tuple(dict.fromkeys(draft.inferred)),
            warnings=tuple(draft.warnings),
            other_sectors=draft.sectors[1:],
            responsible=_RESPONSIBLE[draft.category],
            per=TaskPer.INSTITUTION if draft.category is ActivityCategory.FAMILIES else TaskPer.MUNICIPALITY,
            note=draft.note,
        )

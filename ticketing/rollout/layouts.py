"""Finds the tables in a plan's lines, however they are set: pipes, tabs, spaces, a cell a line. Pure.

A word processor's export keeps a table's words and loses its frame. Each function here knows one way that the
frame can be lost; all of them give the same `Table`.
"""

import re
from collections.abc import Callable, Sequence

from ticketing.rollout.cell_runs import from_cells
from ticketing.rollout.lines import Line, plain
from ticketing.rollout.periods import spans
from ticketing.rollout.table import Cell, Table, head_kind, is_time

_VERB = re.compile(
    r"\b(?:er|skal|har|vil|kan|bliver|foregår|se|ses|fremgår|løber|findes|sker|holder|gennemføres|står|vises|må)\b",
    re.IGNORECASE,
)


def tables(lines: Sequence[Line]) -> list[Table]:
    """Every table, in the order of the text; no line belongs to two."""
    found: list[Table] = []
    index = 0
    while index < len(lines):
        for layout in _LAYOUTS:
            made = layout(lines, index)
            if made is not None:
                table, index = made
                found.append(table)
                break
        else:
            index += 1
    return found


Made = tuple[Table, int] | None
#: Cells of (line, text), while a table is put together.
Row = list[list[tuple[int, str]]]
_RECORD = re.compile(r"^(?P<head>[A-ZÆØÅ][\w ]{1,28}):\s+(?P<value>\S.*)$")
#: A head of each kind, for tables that have none written above them.
_HEAD_OF = {"period": "Periode", "label": "Aktivitet", "hours": "Varighed", "trainers": "Underviser"}
_HEAD_OF |= {"end": "Slut", "count": "Antal", "place": "Sted", "note": "Bemærkning", "sector": "Område"}


def _piped(lines: Sequence[Line], start: int) -> Made:
    """| a | b |, with or without the outer pipes. Rules between the rows say where each ends; without them
    each line is one, but for those that go on with the line above."""
    end = start
    while end < len(lines) and (lines[end].text.count("|") >= 1 or _is_rule(lines[end].text)):
        end += 1
    block = lines[start:end]
    rows: list[Row] = []
    ruled = sum(_is_rule(line.text) for line in block) > 2
    fresh = True
    for line in block:
        if _is_rule(line.text):
            fresh = True
            continue
        pieces = [cell.strip() for cell in line.text.strip().strip("|").split("|")]
        if rows and ((ruled and not fresh) or (not ruled and _goes_on(pieces[0]))):
            _go_on(rows[-1], line.number, pieces)
        else:
            rows.append([[(line.number, piece)] for piece in pieces])
        fresh = False
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return None
    return _from_rows(rows, lines[start].number, lines[end - 1].number), end


def _delimited(lines: Sequence[Line], start: int) -> Made:
    """One row a line, its cells apart by tabs or semicolons. A line in one piece is the beginning of the label
    below it or, with a period of its own, more of the period above it."""
    for mark in ("\t", ";"):
        rows: list[Row] = []
        waiting: list[tuple[int, str]] = []
        end, blanks = start, 0
        while end < len(lines):
            line = lines[end]
            cells = [cell.strip() for cell in line.text.strip().split(mark)]
            if line.is_blank:
                blanks += 1
                if blanks > 1 or not rows:
                    break
            elif line.is_heading or (len(cells) < 2 and not rows):
                break
            elif len(cells) >= 2:
                rows.append([[(line.number, cell)] for cell in cells])
                rows[-1][0] = [*waiting, *rows[-1][0]]
                waiting, blanks = [], 0
            elif not blanks and spans(cells[0]) and spans(rows[-1][-1][-1][1]):
                rows[-1][-1].append((line.number, cells[0]))
            elif end + 1 < len(lines) and mark in lines[end + 1].text.strip() and len(cells[0]) < 90:
                waiting.append((line.number, cells[0]))
            else:
                break
            end += 1
        if len(rows) >= 2 and _speaks_of_time(rows):
            last = max(number for row in rows for cell in row for number, _ in cell)
            return _from_rows(rows, lines[start].number, last), end
    return None


def _records(lines: Sequence[Line], start: int) -> Made:
    """ "Hvem: …", "Hvornår: …" on lines of their own, again and again."""
    records: list[dict[str, tuple[int, str]]] = []
    end, last = start, start
    while end < len(lines):
        line = lines[end]
        found = _RECORD.match(line.words)
        kind = head_kind(found["head"]) if found else None
        if line.is_blank:
            end += 1
            continue
        if found is None or kind is None:
            break
        if not records or kind in records[-1]:
            records.append({})
        records[-1][kind] = (line.number, found["value"])
        last, end = end, end + 1
    kinds = list(dict.fromkeys(kind for record in records for kind in record))
    if len(records) < 2 or "period" not in kinds or not any(kind in kinds for kind in ("label", "note")):
        return None
    rows = [tuple(Cell((record[kind],) if kind in record else ()) for kind in kinds) for record in records]
    header = tuple(_HEAD_OF[kind] for kind in kinds)
    return Table(header, tuple(rows), lines[start].number, lines[last].number), last + 1


def _tab_led(lines: Sequence[Line], start: int) -> Made:
    """A cell begins with a tab; lines without one go on with it. Rows are what the head's width says."""
    if not lines[start].text.startswith("\t"):
        return None
    cells: list[list[tuple[int, str]]] = []
    end, blanks = start, 0
    while end < len(lines):
        line = lines[end]
        if line.is_heading:
            break
        if line.text.startswith("\t"):
            cells.append([(line.number, line.text.strip())])
            blanks = 0
        elif line.is_blank:
            blanks += 1
        elif blanks >= 2 or (blanks and len(line.text) > 70):
            break
        else:
            cells[-1].append((line.number, line.text.strip()))
            blanks = 0
        end += 1
    table = from_cells([Cell(tuple(cell)) for cell in cells], lines[start].number)
    return (table, end) if table is not None else None


def _a_cell_a_line(lines: Sequence[Line], start: int) -> Made:
    """Heads on lines of their own, then the cells likewise."""
    heads: list[Line] = []
    index = start
    while index < len(lines) and len(heads) < 7:
        line = lines[index]
        if line.is_blank:
            if not heads or (index + 1 < len(lines) and lines[index + 1].is_blank and len(heads) > 1):
                break
        elif head_kind(line.text) is None or "\t" in line.text:
            break
        else:
            heads.append(line)
        index += 1
    kinds = {head_kind(head.text) for head in heads}
    if len(heads) < 2 or "period" not in kinds:
        return None
    cells = [Cell(((head.number, plain(head.text)),)) for head in heads]
    end, blanks = index, 0
    while end < len(lines):
        line = lines[end]
        if line.is_heading:
            break
        if line.is_blank:
            blanks += 1
        elif blanks and (_is_prose(line.text) or _begins_anew(lines, end, blanks)):
            break
        else:
            blanks = 0
            cells.append(Cell(((line.number, plain(line.text)),)))
        end += 1
    table = from_cells(cells, lines[start].number, heads=len(heads))
    return (table, end) if table is not None else None


def _spaced(lines: Sequence[Line], start: int) -> Made:
    """Columns apart by runs of spaces; a line with one piece goes on with the cell above it."""
    first = _pieces(lines[start].text)
    if len(first) < 2:
        return None
    rows: list[Row] = []
    places = [at for at, _ in first]
    end, blanks, last = start, 0, start
    while end < len(lines):
        line = lines[end]
        pieces = _pieces(line.text)
        if line.is_heading or blanks > 1:
            break
        if line.is_blank:
            blanks += 1
        elif _is_rule(line.text):
            pass
        elif len(pieces) >= 2 and (blanks or not rows or not _goes_on(pieces[0][1])):
            rows.append([[] for _ in places])
            _place(rows[-1], line.number, pieces, places)
            blanks, last = 0, end
        elif rows and not blanks and (len(pieces) >= 2 or _is_rest(line.text, pieces)):
            _place(rows[-1], line.number, pieces, places)
            last = end
        else:
            break
        end += 1
    if len(rows) < 2 or not _speaks_of_time(rows):
        return None
    return _from_rows(rows, lines[start].number, lines[last].number), last + 1


def _place(row: Row, number: int, pieces: list[tuple[int, str]], places: Sequence[int]) -> None:
    """Puts each piece of a line into the column that it stands under."""
    for at, text in pieces:
        row[_nearest(places, at)].append((number, text))


def _is_rest(text: str, pieces: list[tuple[int, str]]) -> bool:
    """Whether a line in one piece belongs to the row above it."""
    return len(text.strip()) < 60 and (pieces[0][0] > 1 or not _is_sentence(text))


def _goes_on(label: str) -> bool:
    """Labels begin with a capital or a number; what doesn't, or nothing at all, goes on with the line above.
    A period may begin with a small letter: "uge 15"."""
    return not label or (label[0].islower() and not spans(label))


def _go_on(row: Row, number: int, pieces: list[str]) -> None:
    for cell, piece in zip(row, pieces, strict=False):
        if piece:
            cell.append((number, piece))


_LAYOUTS: tuple[Callable[[Sequence[Line], int], Made], ...] = (
    _piped,
    _tab_led,
    _delimited,
    _records,
    _a_cell_a_line,
    _spaced,
)


def _from_rows(rows: list[Row], first: int, last: int) -> Table:
    """A table of rows as they stand, all made equally wide."""
    width = max(map(len, rows))
    made = [
        tuple(Cell(tuple(line for line in cell if line[1])) for cell in [*row, *([[]] * (width - len(row)))])
        for row in rows
    ]
    header, body = _headed(made)
    return Table(header, body, first, last)


def _headed(rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[str, ...], tuple[tuple[Cell, ...], ...]]:
    """The first row is a header if one of its cells is a head and none holds a period."""
    first = rows[0]
    is_header = any(head_kind(cell.text) for cell in first) and not any(spans(cell.text) for cell in first)
    if (
        not is_header
        and len(rows) > 1
        and not any(spans(cell.text) or re.search(r"\d", cell.text) for cell in first)
    ):
        is_header = any(spans(cell.text) for cell in rows[1])
    return (tuple(cell.text for cell in first), tuple(rows[1:])) if is_header else ((), tuple(rows))


def _speaks_of_time(rows: list[Row]) -> bool:
    """A period in half of the rows, or heads that say what the table is; prose with stray gaps has neither."""
    heads = [head_kind(" ".join(text for _, text in cell)) for cell in rows[0]]
    dated = sum(any(spans(text) for cell in row for _, text in cell) for row in rows)
    return dated * 2 >= len(rows) or len([head for head in heads if head]) >= 2


def _pieces(text: str) -> list[tuple[int, str]]:
    return [(found.start(), found[0].strip()) for found in re.finditer(r"\S+(?:\s\S+)*", text.expandtabs(8))]


def _nearest(places: Sequence[int], at: int) -> int:
    return min(range(len(places)), key=lambda n: abs(places[n] - at))


def _is_rule(text: str) -> bool:
    return bool(re.fullmatch(r"[\s|+:=\-_]{3,}", text)) and bool(re.search(r"[-=_]{2,}", text))


def _begins_anew(lines: Sequence[Line], index: int, blanks: int) -> bool:
    """Whether the line stands apart from the cells above: it is the head of another table, or after a wider
    gap nothing that it could be the label of follows."""
    after = [line.text for line in lines[index + 1 : index + 6] if line.text.strip()][:1]
    if head_kind(lines[index].text) and after and head_kind(after[0]):
        return True
    if blanks < 2 or is_time(lines[index].text):
        return False
    return not after or not is_time(after[0]) or _is_prose(after[0])


def _is_prose(text: str) -> bool:
    return len(text) > 160 or (
        len(text.split()) > 3 and text.rstrip().endswith(".") and bool(_VERB.search(text))
    )


def _is_sentence(text: str) -> bool:
    return len(text.split()) > 5 and text.rstrip().endswith(".")

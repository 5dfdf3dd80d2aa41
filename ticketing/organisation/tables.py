"""Reads the files of an organisation import (CSV, XLSX) into rows of text with their place of origin."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from openpyxl import load_workbook

#: Table → column → the headers it may have, in lower case.
COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "units": {
        "key": ("nøgle", "key", "id", "institutionsnummer"),
        "name": ("navn", "name"),
        "kind": ("type", "kind"),
        "sector": ("sektor", "sector"),
        "parent": ("overordnet", "parent"),
        "mail_key": ("postkasse", "mail_key"),
        "phone": ("telefon", "phone"),
        "calendar": ("kalender", "calendar"),
    },
    "people": {
        "key": ("nøgle", "key", "id"),
        "name": ("navn", "name"),
        "email": ("e-mail", "email", "mail"),
        "phone": ("telefon", "phone"),
    },
    "posts": {
        "person": ("person",),
        "unit": ("enhed", "unit"),
        "role": ("rolle", "role"),
        "valid_from": ("fra", "from", "valid_from"),
        "valid_to": ("til", "to", "valid_to"),
        "trained_on": ("uddannet", "trained_on"),
        "tentative": ("foreløbig", "tentative"),
    },
}
REQUIRED = {
    "units": ("key", "name", "kind"),
    "people": ("key", "name", "email"),
    "posts": ("person", "unit", "role"),
}
SHEETS = {
    "enheder": "units",
    "units": "units",
    "personer": "people",
    "people": "people",
    "poster": "posts",
    "posts": "posts",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: file (and sheet), row as a spreadsheet counts it, column by its Danish name."""

    source: str
    row: int
    column: str
    reason: str

    def __str__(self) -> str:
        return f"{self.source}, række {self.row}, {self.column}: {self.reason}"


@dataclass(frozen=True)
class Row:
    """One row of a table; every value is text without surrounding space."""

    table: str
    source: str
    number: int
    values: dict[str, str]

    def problem(self, column: str, reason: str) -> Problem:
        return Problem(self.source, self.number, COLUMNS[self.table][column][0], reason)


@dataclass(frozen=True)
class Tables:
    """What the files hold: rows, what can't be read, and what was guessed."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def read_tables(paths: Sequence[Path]) -> Tables:
    """The rows of all files. A file or sheet whose headers are not a table's is a problem, never skipped."""
    rows: list[Row] = []
    problems: list[Problem] = []
    warnings: list[str] = []
    for path in paths:
        for source, named, lines in sheets(path, problems, warnings):
            _read_sheet(source, named, lines, rows, problems)
    return Tables(tuple(rows), tuple(problems), tuple(warnings))


def sheets(
    path: Path, problems: list[Problem], warnings: list[str]
) -> Iterator[tuple[str, str | None, Iterable[Sequence[str]]]]:
    """(source, table named by the sheet, lines) of a CSV file (UTF-8 or Windows-1252, `;` or `,`) or of each
    sheet of a workbook. What can't be read becomes one of `problems`, what was guessed one of `warnings`."""
    try:
        content = path.read_bytes()
        if content[:2] == b"PK":
            book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            for sheet in book.worksheets:
                lines = [[_text(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
                if any(any(line) for line in lines):
                    yield f"{path.name}/{sheet.title}", SHEETS.get(sheet.title.strip().lower()), lines
            return
    except Exception as error:  # openpyxl raises many kinds on a broken workbook
        problems.append(Problem(path.name, 0, "(fil)", f"kan ikke læses: {error}"))
        return
    text = _decoded(content, path.name, warnings)
    first = text.split("\n", 1)[0]
    yield path.name, None, csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")


def _decoded(content: bytes, name: str, warnings: list[str]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        warnings.append(
            f"{name}: er ikke UTF-8 og er læst som Windows-1252. Se efter, at æ, ø og å er rigtige."
        )
        return content.decode("cp1252", errors="replace")


def _read_sheet(
    source: str,
    named: str | None,
    lines: Iterable[Sequence[str]],
    rows: list[Row],
    problems: list[Problem],
) -> None:
    numbered = [(n, [cell.strip() for cell in line]) for n, line in enumerate(lines, start=1)]
    numbered = [(n, line) for n, line in numbered if any(line)]
    if not numbered:
        problems.append(Problem(source, 0, "(fil)", "er tom"))
        return
    number, headers = numbered[0][0], [cell.lower() for cell in numbered[0][1]]
    table = named or _table_of(headers)
    if table is None:
        problems.append(
            Problem(source, number, "(overskrifter)", "ligner hverken enheder, personer eller poster")
        )
        return
    places = {column: _place(headers, names) for column, names in COLUMNS[table].items()}
    missing = [COLUMNS[table][column][0] for column in REQUIRED[table] if places[column] is None]
    if missing:
        problems.append(Problem(source, number, "(overskrifter)", f"mangler kolonnen {', '.join(missing)}"))
        return
    for number, line in numbered[1:]:
        values = {
            column: line[place] if place is not None and place < len(line) else ""
            for column, place in places.items()
        }
        rows.append(Row(table, source, number, values))


def _table_of(headers: Sequence[str]) -> str | None:
    """Which table it is, by the column that only that one has."""
    for table, column in (("posts", "role"), ("people", "email"), ("units", "kind")):
        if _place(headers, COLUMNS[table][column]) is not None:
            return table
    return None


def _place(headers: Sequence[str], names: tuple[str, ...]) -> int | None:
    return next((n for n, header in enumerate(headers) if header in names), None)


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)

"""Lays a run of cells, one a line, out in rows: the frame that a word processor's export loses. Pure."""

import re

from ticketing.rollout.periods import spans
from ticketing.rollout.table import Cell, Table, head_kind, is_time
from ticketing.rollout.words import sectors_in


def from_cells(cells: list[Cell], first: int, heads: int | None = None) -> Table | None:
    """A table of a run of cells that begins at line `first`: as wide as makes the most rows with a period in
    the period's column. None for cells under `heads` heads that are no table."""
    matrix = _matrix_width(cells)
    widths = [heads] if heads else [matrix] if matrix else range(2, 7)
    best = max((_laid_out(cells, width) for width in widths), key=lambda one: one[0])
    score, header, rows = best
    if score < 0.75:
        anchored = _by_anchor(cells, heads)
        if anchored is not None:
            header, rows, score = (*anchored, 0.8)
    if score < 0.3 and heads:
        return None
    if not rows:
        rows, header = [tuple(cells)], ()
    last = max((line for row in rows for cell in row for line, _ in cell.lines), default=first)
    return Table(tuple(header), tuple(rows), first, last)


def _matrix_width(cells: list[Cell]) -> int | None:
    """Who trains whom: one column for what is trained, then one a sector."""
    if not cells or not re.search(r"uddann|undervis|oplær", cells[0].text, re.IGNORECASE):
        return None
    sectors = 0
    for cell in cells[1:6]:
        if not cell.text or len(cell.text) > 30 or not sectors_in(cell.text):
            break
        sectors += 1
    return sectors + 1 if sectors >= 2 else None


def _laid_out(cells: list[Cell], width: int) -> tuple[float, tuple[str, ...], list[tuple[Cell, ...]]]:
    header, body = cells[:width], cells[width:]
    period = next((n for n, cell in enumerate(header) if head_kind(cell.text) == "period"), None)
    known = sum(head_kind(cell.text) is not None for cell in header)
    while body and not body[-1].text:
        body = body[:-1]
    rows = [tuple(body[at : at + width]) for at in range(0, len(body), width)]
    if rows and len(rows[-1]) < width:
        rows[-1] += (Cell(()),) * (width - len(rows[-1]))
    if not rows:
        return 0.0, (), []
    if period is None or spans(header[period].text):
        return 0.0, tuple(cell.text for cell in header), rows
    good = sum(is_time(row[period].text) and not is_time(row[0 if period else 1].text) for row in rows)
    score = good / len(rows) + 0.05 * known - 0.1 * bool(len(body) % width)
    return score, tuple(cell.text for cell in header), rows


def _by_anchor(cells: list[Cell], heads: int | None) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]] | None:
    """Rows around the cells with a period: what stands between is a row's own, as many cells after its period
    as the head says. For tables whose empty cells are lost, or that hold a cell in pieces."""
    width = heads or _known_heads(cells)
    period = next((n for n, cell in enumerate(cells[:width]) if head_kind(cell.text) == "period"), None)
    if period is None:
        return None
    after = width - 1 - period
    rows: list[tuple[Cell, ...]] = []
    waiting: list[Cell] = []
    body = [cell for cell in cells[width:] if cell.text]
    at = 0
    while at < len(body):
        cell = body[at]
        at += 1
        if not is_time(cell.text):
            waiting.append(cell)
        elif waiting or not rows:
            rows.append((*_before_period(waiting, period), cell, *_padded(body[at : at + after], after)))
            at += after
            waiting = []
        elif spans(cell.text):
            more = rows[-1][period].lines + cell.lines
            rows[-1] = (*rows[-1][:period], Cell(more), *rows[-1][period + 1 :])
    return tuple(cell.text for cell in cells[:width]), rows


def _known_heads(cells: list[Cell]) -> int:
    """How many cells the head has: up to the first that is not one."""
    count = next((n for n, cell in enumerate(cells[:8]) if head_kind(cell.text) is None), min(8, len(cells)))
    return max(count, 2)


def _before_period(cells: list[Cell], width: int) -> tuple[Cell, ...]:
    """`cells` in the columns before the period; of too many, the first ones are one cell in pieces."""
    if width == 0:
        return ()
    extra = max(0, len(cells) - width)
    first = Cell(tuple(line for cell in cells[: extra + 1] for line in cell.lines))
    return _padded([first, *cells[extra + 1 :]], width)


def _padded(cells: list[Cell], width: int) -> tuple[Cell, ...]:
    return tuple(cells) + (Cell(()),) * (width - len(cells))

"""A table of a plan as it was read: cells that know their lines, and what the head of a column says. Pure."""

import re
from dataclasses import dataclass

from ticketing.rollout.lines import plain
from ticketing.rollout.periods import spans
from ticketing.rollout.words import UNDATED

#: What the head of a column says of its cells.
HEADS: dict[str, str] = {
    "period": r"periode\w*|tidspunkt\w*|dato(?:er)?|tidsrum|uge(?:r|nr\.?|nummer)?|hvornår|tid|termin\w*|start(?:dato)?|frist|deadline|når|dag(?:e)?",  # noqa: E501 - one alternative
    "end": r"slut(?:dato)?|til\s*(?:dato)?|færdig(?:\s+senest)?",
    "label": r"(?:uddannelse|kursus|undervisning|oplæring)\s+(?:af|for)|uddannelse|aktivitet(?:er)?|målgruppe\w*|hvem(?:\s+uddannes)?|hvad|opgave(?:r)?|kursus|kurser|emne|deltagere|gruppe|rolle(?:r)?|forløb|indsats(?:er)?|milepæl(?:e)?|for\s+hvem|hold|handling|fase|personalegruppe",  # noqa: E501 - one alternative
    "hours": r"varighed|timer|længde|omfang|timetal|dage|kursuslængde",
    "trainers": r"underviser(?:e)?|uddannes\s+af|instruktør(?:er)?|ved|v/|uddanner|hvem\s+underviser|leverandør|afholdes\s+af|træner(?:e)?|ansvarlig(?:e)?",  # noqa: E501 - one alternative
    "count": r"antal(?:\s+\w+)?|pladser|betalte\s+pladser|deltagerantal|antal\s+pladser|stk\.?",
    "place": r"sted|lokale|hvor",
    "note": r"bemærkning(?:er)?|note(?:r)?|indhold|form|status|kommentar(?:er)?",
    "sector": r"område|sektor|forvaltning",
}


@dataclass(frozen=True)
class Cell:
    """A cell's lines, each with its number in the source."""

    lines: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return " ".join(text for _, text in self.lines if text)

    @property
    def number(self) -> int:
        return self.lines[0][0] if self.lines else 0


@dataclass(frozen=True)
class Table:
    """A header (perhaps empty) and rows of equally many cells, from line `first` to line `last`."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    first: int
    last: int

    def column(self, kind: str) -> int | None:
        """The column whose head is of that kind (a key of `HEADS`)."""
        return next((n for n, head in enumerate(self.header) if head_kind(head) == kind), None)

    @property
    def period_column(self) -> int | None:
        """The column of the periods: by its head, else the one where most cells hold one."""
        named = self.column("period")
        if named is not None:
            return named
        if not self.rows:
            return None
        shares = [
            sum(bool(spans(row[n].text)) for row in self.rows if n < len(row)) / len(self.rows)
            for n in range(len(self.rows[0]))
        ]
        best = max(range(len(shares)), key=lambda n: shares[n], default=None)
        return best if best is not None and shares[best] >= 0.5 else None


def head_kind(text: str) -> str | None:
    """Which of `HEADS` a cell is the head of."""
    words = plain(text).strip(" :*#_").lower()
    return next((kind for kind, pattern in HEADS.items() if re.fullmatch(pattern, words)), None)


def is_time(text: str) -> bool:
    """Whether a cell says when: a period, or words for a date still to come."""
    return bool(spans(text)) or bool(UNDATED.search(text))

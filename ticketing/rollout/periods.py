"""Finds the periods in a line of Danish prose: dates, weeks, months, seasons, lists and ranges of them. Pure.

1. What only looks like a date (times of day, lengths, counts) is blanked out. 2. Each day, week, month … that
is left is an edge, perhaps without its year. 3. Edges with "til", a dash, "og" … between them make a span, and
lend each other years. What no neighbour can lend is left open: whoever asks for the period gives the year.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from ticketing.rollout.plan import Period
from ticketing.rollout.weeks import NoSuchDay, full_year, week

MONTHS = ("jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
#: A range without years that would run backwards for more than this many days runs over New Year.
HALF_A_YEAR = 183
#: Seasons as a Danish school counts them, first and last month.
SEASONS = {"forår": (2, 5), "sommer": (6, 8), "efterår": (8, 11), "vinter": (12, 2)}


class EdgeKind(StrEnum):
    """How exact an edge is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    #: A month's beginning, middle or end; a season, a quarter, half a year.
    ABOUT = "about"


@dataclass(frozen=True)
class Edge:
    """A day or a stretch of days, without a year where the text has none. `month` and `last_month` bound a
    stretch of months; `part` is the third of it that is meant (1, 2, 3; 0: all)."""

    kind: EdgeKind
    year: int | None
    month: int = 0
    day: int = 0
    week: int = 0
    last_month: int = 0
    part: int = 0

    def bounds(self) -> tuple[date, date]:
        """The first and last day. Raises `NoSuchDay`; the year must be known."""
        assert self.year is not None
        if self.kind is EdgeKind.WEEK:
            return week(self.year, self.week)
        try:
            if self.kind is EdgeKind.DAY:
                only = date(self.year, self.month, self.day)
                return only, only
            return _months(self.year, self.month, self.last_month or self.month, self.part)
        except ValueError:
            text = f"{self.day}.{self.month}." if self.day else f"måned {self.month} i "
            raise NoSuchDay(f"{text}{self.year} findes ikke") from None


@dataclass(frozen=True)
class Span:
    """A period as the text has it. No `first`: until the last; `is_open`: from the first and on."""

    first: Edge | None
    last: Edge | None
    is_open: bool
    is_list: bool
    text: str
    at: tuple[int, int]

    @property
    def edges(self) -> tuple[Edge, ...]:
        return tuple(edge for edge in (self.first, self.last) if edge is not None)

    @property
    def year_missing(self) -> bool:
        """No part of it says the year."""
        return any(edge.year is None for edge in self.edges)

    @property
    def is_approximate(self) -> bool:
        """It names no days and no weeks."""
        return any(edge.kind in (EdgeKind.MONTH, EdgeKind.ABOUT) for edge in self.edges)

    def period(self, year: int | None = None) -> Period:
        """The days, `year` where the text has none (the second one of a range over New Year is the next).
        The end may lie before the start: that is for the caller to tell. Raises `NoSuchDay`."""
        first, last = self.first, self.last
        if first is not None and first.year is None:
            first = replace(first, year=year)
        if last is not None and last.year is None:
            last = replace(last, year=year)
            if first is not None and not self.is_list and _over_new_year(first, last):
                last = replace(last, year=(year or 0) + 1)
        start = first.bounds()[0] if first else None
        if self.is_open:
            return Period(start, None)
        end = last.bounds()[1] if last else first.bounds()[1] if first else None
        if self.is_list and start and end and first and last:
            days = (*first.bounds(), *last.bounds())
            return Period(min(days), max(days))
        return Period(start, end)


def spans(text: str) -> list[Span]:
    """The periods in `text`, in their order."""
    masked = _masked(text)
    groups: list[list[_Atom]] = []
    for atom in _atoms(masked):
        link = _link(masked[groups[-1][-1].at[1] : atom.at[0]]) if groups else ""
        if link:
            groups[-1].append(replace(atom, link=link))
        else:
            groups.append([atom])
    return [_span(text, masked, group) for group in groups]


@dataclass(frozen=True)
class _Atom:
    edges: tuple[Edge, ...]
    at: tuple[int, int]
    #: How it hangs on the one before: "range", "list" or not at all.
    link: str = ""
    #: How its own edges hang together.
    inner: str = "range"


_YEAR = r"(?:19|20)\d{2}"
_MONTH = (
    r"(?:januar|jan|februar|feb|marts|mar|april|apr|maj|juni|jun|juli|jul|august|aug|september|sept|sep|oktober|"
    r"okt|november|nov|december|dec)\b"
)
_DASH = r"[-\u2010-\u2015\u2212]"
_RANGE_WORD = rf"(?:{_DASH}|→|til\s+og\s+med|t\.?\s?o\.?\s?m\.?|frem\s+til|indtil|til)"
_LIST_WORD = r"(?:og|samt|eller|,|;|&|\+|/)"
_DAYS = rf"(?:(?<![\d.,/])\d{{1,2}}\.?\s*(?:{_RANGE_WORD}|{_LIST_WORD})\s*)+"
_PART = r"(?:primo|medio|ultimo|start(?:en)?\s+af|begyndelsen\s+af|først\s+i|midt(?:en)?\s+(?:af|i)|slutningen\s+af|sidst\s+i)"  # noqa: E501 - one alternative

_ATOM = re.compile(
    rf"""
      (?<!\d)(?P<iso>{_YEAR}-\d{{2}}-\d{{2}})(?!\d)
    | (?<!\d)(?P<isoweek>{_YEAR}-?w\d{{1,2}})(?!\d)
    | (?:(?<!\d)(?P<week_before>{_YEAR}),?\s*)?\b(?:ugerne|uger|uge|u\.)\s*
      (?P<weeks>\d{{1,2}}(?!\d)(?:\s*(?:{_RANGE_WORD}|{_LIST_WORD})\s*(?:(?:uge|u\.)\s*)?
        \d{{1,2}}(?!\d|[./]\d|\.?\s*{_MONTH}))*)
      (?:\s*[,/(]?\s*(?:i\s+|år\s+)?(?P<week_year>{_YEAR})(?!\d|-?w|,?\s*uge)\)?)?
    | (?P<days>{_DAYS})?(?<![\d,/])(?P<day>\d{{1,2}})\.?\s*(?P<month>{_MONTH})\.?
      (?:\s*,?\s*(?P<year>{_YEAR}|'\d{{2}})(?!\d))?
    | (?P<dotted>{_DAYS})?(?<![\d.,/])(?P<nday>\d{{1,2}}|xx|\?\?|__)
      (?P<separator>[./])(?P<nmonth>\d{{1,2}})(?!\d)
      (?:(?P=separator)(?P<nyear>{_YEAR}|\d{{2}})(?!\d|[./]\d)|/?-(?P<dashyear>\d{{2}})(?!\d|[./]\d|\s*{_DASH})
        |\.?\s*,?\s*(?P<spaceyear>{_YEAR})(?!\d|-))?
    | (?<![\d-])(?P<dashed>\d{{1,2}}-\d{{1,2}}-(?:{_YEAR}|\d{{2}}))(?![\d-])
    | (?:(?P<part>{_PART})\s+)?\b(?P<only_month>{_MONTH})\.?(?:\s*,?\s*(?P<month_year>{_YEAR}|'\d{{2}})(?!\d))?
    | (?P<holiday>efterårsferien?|vinterferien?)(?:\s*(?:i\s+)?(?P<holiday_year>{_YEAR}))?
    | (?:(?P<season_part>{_PART})\s+)?\b(?P<season>forår|sommer|efterår|vinter)(?:en|et)?\b
      (?:\s*(?:i\s+)?(?P<season_year>{_YEAR}|'\d{{2}})(?!\d))?
    | (?<!\d)(?P<quarter>[1-4])\.?\s*(?:kvartal|kvt\.?)(?:\s*(?:i\s+)?(?P<quarter_year>{_YEAR}))?
    | \b[qk](?P<q>[1-4])\b(?:\s*(?P<q_year>{_YEAR}))?
    | (?P<half>1\.|2\.|første|andet)\s*halvår(?:et)?(?:\s*(?:i\s+)?(?P<half_year>{_YEAR}))?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER = r"(?<![\d.,/])\d+(?:[.,]\d+)?½?"
_LOOKALIKES = re.compile(
    rf"""
      \bkl(?:okken|\.)?\s*\d{{1,2}}(?:[.:]\d{{2}})?(?:\s*(?:{_DASH}|til)\s*(?:kl\.?\s*)?\d{{1,2}}(?:[.:]\d{{2}})?)?(?!\d)
    | (?<!\d)\d{{1,2}}:\d{{2}}(?!\d)
    | (?<![\d.])\d{{1,2}}\.(?:00|1[3-9]|[2-5]\d)\s*{_DASH}\s*\d{{1,2}}\.\d{{2}}(?![.\d])
    | (?<![\d.])\d{{1,2}}\.\d{{2}}\s*{_DASH}\s*\d{{1,2}}\.(?:00|1[3-9]|[2-5]\d)(?![.\d])
    | {_NUMBER}(?:\s*(?:{_DASH}|til|x|×)\s*\d+(?:[.,]\d+)?½?)?\s*-?\s*
      (?:timers?|time|dages?|dags|dag|minutter|min|lektioner|moduler|gange|hold|pladser|personer|deltagere|procent|%|kr)\b
    | https?://\S+ | \S+@\S+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NOISE = r"(?:(?:man|tirs|ons|tors|fre|lør|søn)(?:dag)?\.?"  # weekdays, and words between dates
_NOISE += r"|den|d\.|de|dagene|\(|\)|både|hhv\.?|henholdsvis|igen|fra|i)"
_LINK = re.compile(
    rf"\.?\s*(?:{_NOISE}\s*)*(?P<word>{_RANGE_WORD}|{_LIST_WORD})?\s*(?:{_NOISE}\s*)*", re.IGNORECASE
)
_ONWARDS = re.compile(
    rf"\s*(?:og\s+(?:frem|videre|løbende|derefter|de\s+følgende)\w*|ff\.?|frem(?:ad|efter|over)\w*|→|{_DASH}\s*(?:$|\)))",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\b(?:fra(?:\s+og\s+med)?|fom\.?|f\.o\.m\.?|efter|tidligst|starter|begynder|løbende)\s*(?:den|d\.|i)?\s*$",
    re.I,
)
_UNTIL = re.compile(
    r"\b(?:inden|før|senest|indtil|frem\s+til|til\s+og\s+med|deadline:?|frist:?|færdig)\s*(?:udgangen\s+af|den|d\.|i)?\s*$",
    re.I,
)


def _masked(text: str) -> str:
    return _LOOKALIKES.sub(lambda found: " " * len(found[0]), text)


def _atoms(masked: str) -> Iterator[_Atom]:
    for found in _ATOM.finditer(masked):
        made = _edges(found)
        if made:
            edges, inner = made
            start, end = found.span()
            while masked[start] == " ":
                start += 1
            yield _Atom(edges, (start, end), inner=inner)


def _edges(found: re.Match[str]) -> tuple[tuple[Edge, ...], str] | None:
    part = found.groupdict()
    if part["iso"]:
        year, month, day = (int(piece) for piece in part["iso"].split("-"))
        return (Edge(EdgeKind.DAY, year, month, day),), "range"
    if part["isoweek"]:
        return (
            Edge(
                EdgeKind.WEEK, int(part["isoweek"][:4]), week=int(re.split("w", part["isoweek"], flags=re.I)[1])
            ),
        ), "range"
    if part["weeks"]:
        return _week_edges(part)
    if part["month"]:
        return _dated(part["days"], part["day"], _month_number(part["month"]), _year(part["year"]))
    if part["nmonth"]:
        return _numeric(part)
    if part["dashed"]:
        numbers = part["dashed"].split("-")
        return (Edge(EdgeKind.DAY, full_year(numbers[2]), int(numbers[1]), int(numbers[0])),), "range"
    return _stretch(part)


def _week_edges(part: dict[str, str]) -> tuple[tuple[Edge, ...], str]:
    numbers = [int(number) for number in re.findall(r"\d+", part["weeks"])]
    year = _year(part["week_year"] or part["week_before"])
    if year is None and len(numbers) == 2 and "/" in part["weeks"] and numbers[1] < numbers[0]:
        return (Edge(EdgeKind.WEEK, 2000 + numbers[1], week=numbers[0]),), "range"  # "uge 43/19"
    is_list = len(numbers) > 1 and not re.search(_RANGE_WORD, part["weeks"], re.I)
    if is_list:
        numbers.sort()
    first, last = numbers[0], numbers[-1]
    over_new_year = last < first and year is not None
    edges = [Edge(EdgeKind.WEEK, year - 1 if over_new_year and year else year, week=first)]
    if len(numbers) > 1:
        edges.append(Edge(EdgeKind.WEEK, year, week=last))
    return tuple(edges), "list" if is_list else "range"


def _numeric(part: dict[str, str]) -> tuple[tuple[Edge, ...], str] | None:
    year = _year(part["nyear"] or part["dashyear"] or part["spaceyear"])
    month = int(part["nmonth"])
    if not part["nday"].isdigit():
        return ((Edge(EdgeKind.MONTH, year, month),), "range") if 1 <= month <= 12 else None
    if (month == 0 or month > 12) and year is None:
        return None  # a number with a decimal, a section, a time
    return _dated(part["dotted"], part["nday"], month, year)


def _dated(days: str | None, day: str, month: int, year: int | None) -> tuple[tuple[Edge, ...], str]:
    edges = [Edge(EdgeKind.DAY, year, month, int(number)) for number in re.findall(r"\d+", days or "")]
    edges.append(Edge(EdgeKind.DAY, year, month, int(day)))
    is_list = bool(days) and not re.search(_RANGE_WORD, days or "", re.I)
    return (edges[0], edges[-1]) if len(edges) > 1 else (edges[0],), "list" if is_list else "range"


def _stretch(part: dict[str, str]) -> tuple[tuple[Edge, ...], str] | None:
    if part["only_month"]:
        month, year = _month_number(part["only_month"]), _year(part["month_year"])
        third = _third(part["part"])
        return (Edge(EdgeKind.ABOUT if third else EdgeKind.MONTH, year, month, part=third),), "range"
    if part["holiday"]:
        number = 42 if part["holiday"].lower().startswith("efter") else 7
        return (Edge(EdgeKind.WEEK, _year(part["holiday_year"]), week=number),), "range"
    if part["season"]:
        first, last = SEASONS[part["season"].lower()]
        return (
            Edge(
                EdgeKind.ABOUT,
                _year(part["season_year"]),
                first,
                last_month=last,
                part=_third(part["season_part"]),
            ),
        ), "range"
    quarter, year = part["quarter"] or part["q"], _year(part["quarter_year"] or part["q_year"])
    if quarter:
        return (Edge(EdgeKind.ABOUT, year, int(quarter) * 3 - 2, last_month=int(quarter) * 3),), "range"
    first = 1 if part["half"].lower() in ("1.", "første") else 7
    return (Edge(EdgeKind.ABOUT, _year(part["half_year"]), first, last_month=first + 5),), "range"


def _span(text: str, masked: str, group: list[_Atom]) -> Span:
    """The group as one span: its first edge to its last, with the years that they lend each other."""
    edges = [edge for atom in group for edge in atom.edges]
    links = [link for atom in group for link in (atom.link, atom.inner if len(atom.edges) > 1 else "") if link]
    is_list = "list" in links and "range" not in links
    edges = _lent_years(edges, in_order=not is_list)
    start, end = group[0].at[0], group[-1].at[1]
    before, after = masked[:start], masked[end:]
    alone = len(edges) == 1
    onwards = _ONWARDS.match(after)
    if onwards and alone:
        end += onwards.end()
    until = alone and _UNTIL.search(before)
    is_open = alone and not until and bool(onwards or _FROM.search(before))
    return Span(
        first=None if until else edges[0],
        last=edges[0] if until else None if alone else edges[-1],
        is_open=is_open,
        is_list=is_list,
        text=text[start:end].strip(),
        at=(start, end),
    )


def _lent_years(edges: list[Edge], *, in_order: bool) -> list[Edge]:
    """An edge without a year has that of the next one that has; a range over New Year has two."""
    made = list(edges)
    for index in range(len(made) - 2, -1, -1):
        after = made[index + 1]
        if made[index].year is None and after.year is not None:
            later = in_order and _over_new_year(made[index], after)
            made[index] = replace(made[index], year=after.year - later)
    for index in range(1, len(made)):
        before = made[index - 1]
        if made[index].year is None and before.year is not None:
            earlier = in_order and _over_new_year(before, made[index])
            made[index] = replace(made[index], year=before.year + earlier)
    return made


def _over_new_year(first: Edge, last: Edge) -> bool:
    """Whether a range from `first` to `last` ends in the next year, rather than before it begins."""
    return _rank(first) - _rank(last) > HALF_A_YEAR


def _rank(edge: Edge) -> float:
    """About where in its year an edge lies, in days."""
    return edge.week * 7.0 - 3 if edge.kind is EdgeKind.WEEK else edge.month * 30.5 - 30 + edge.day


def _link(between: str) -> str:
    found = _LINK.fullmatch(between)
    if not found or not found["word"]:
        return ""
    return "range" if re.fullmatch(_RANGE_WORD, found["word"], re.IGNORECASE) else "list"


def _months(year: int, first: int, last: int, part: int) -> tuple[date, date]:
    last_year = year + 1 if last < first else year
    start = date(year, first, 1)
    end = (date(last_year, last, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    third = ((end - start).days + 1) // 3
    if part == 1:
        return start, start + timedelta(days=third - 1)
    if part == 2:
        return start + timedelta(days=third), end - timedelta(days=third)
    return (end - timedelta(days=third - 1), end) if part == 3 else (start, end)


def _third(text: str | None) -> int:
    if not text:
        return 0
    text = text.lower()
    return 3 if text.startswith(("sl", "si", "u")) else 1 if text.startswith(("st", "p", "b", "f")) else 2


def _month_number(text: str) -> int:
    return MONTHS.index(text.lower()[:3]) + 1


def _year(text: str | None) -> int | None:
    return full_year(text.lstrip("'")) if text else None

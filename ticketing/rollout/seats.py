"""Counts of seats in a plan's text, and whether they agree with each other. Pure."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ticketing.rollout.draft import Counted, Draft, role_of
from ticketing.rollout.lines import Line, is_bullet
from ticketing.rollout.plan import Warning
from ticketing.rollout.table import Table
from ticketing.rollout.words import is_course, length_in, number_in, role_in, sectors_in
from ticketing.vocabulary import Role, Sector

_WORD_NUMBER = r"\d{1,4}|en|én|et|ét|to|tre|fire|fem|seks|syv|otte|ni|ti|elleve|tolv"
_COUNT_FIRST = re.compile(
    rf"^(?P<count>{_WORD_NUMBER})\s+(?:stk\.?\s+|pladser?\s+(?:til|for)\s+|x\s+|×\s+)?(?P<role>[^\d].*)$", re.I
)
_COUNT_LAST = re.compile(
    r"^(?P<role>[^\d:]{4,90}?)\s*[:–—-]\s*(?P<count>\d{1,4})\s*(?:stk\.?|pladser?|personer|deltagere|kursister)?(?=\s*(?:[,;(à]|á|–|-|$))",
    re.IGNORECASE,
)
_BOUGHT = re.compile(
    rf"\b(?:købt|bestilt|betalt|tilmeldt|reserveret|tilkøbt|råder\s+over|får|har)\s+(?:i\s+alt\s+)?(?P<count>{_WORD_NUMBER})\s+(?:kursus)?pladser?\s+(?:til|for)\s+(?P<role>[^.;]*)",
    re.IGNORECASE,
)
_SEATS = r"uddann|kurs|plads|undervis|tilbyder"
_STATED = re.compile(
    r"(?<![\d.,/\-])(?P<count>\d{1,4})\s+(?P<role>(?:[\wæøåÆØÅ-]+\s+){0,3}?(?:super-?\s?bruger\w*|administrator\w*|tekniker\w*|ambassadør\w*|tovholder\w*))",
    re.I,
)
_NOT_A_TOTAL = re.compile(
    r"\bad\s+gangen\b|\bpr\.|\bper\s+hold\b|\bca\.?\s*\d|\bhold\s+(?:á|à|med|på)\b|\bhver\s+\w+\s+har\b", re.I
)


def counted(lines: Sequence[Line], tables: Sequence[Table]) -> list[Counted]:
    """The counts with their hours: items of lists, sentences on seats, tables with a column of counts."""
    found = [*_of_lists(lines), *(count for table in tables for count in _of_table(table))]
    return sorted(found, key=lambda one: one.line)


def give_seats(drafts: Sequence[Draft], quotas: Sequence[Counted]) -> None:
    """Gives each row of training the seats of the roles and sectors that its lines name."""
    free = list(quotas)
    for draft in drafts:
        if draft.count is not None:
            continue
        mine = list(dict.fromkeys(one for line in draft.label_lines for one in _matching(line, draft, free)))
        for one in mine:
            free.remove(one)
        if mine:
            draft.count = sum(one.count for one in mine)


def mismatches(quotas: Sequence[Counted], drafts: Sequence[Draft], lines: Sequence[Line]) -> list[Warning]:
    """Counts of the same people that differ, and people without a seat."""
    if not quotas:
        return []
    seats: dict[tuple[Role | None, Sector | None], int] = {}
    for quota in quotas:
        key = (quota.role, quota.sectors[0] if quota.sectors else None)
        seats[key] = seats.get(key, 0) + quota.count
    at = {quota.line for quota in quotas}
    said = [
        (line.number, sentence)
        for line in lines
        if line.number not in at
        for sentence in re.split(r"(?<=[.;!])\s+", line.words)
    ]
    said += [(draft.line, text) for draft in drafts for text in draft.label_lines]
    found: list[Warning] = []
    for number, text in said:
        for statement in () if _NOT_A_TOTAL.search(text) else _STATED.finditer(text):
            found += _compared(number, statement, text, seats)
    return found


def _compared(
    number: int, statement: re.Match[str], text: str, seats: dict[tuple[Role | None, Sector | None], int]
) -> Iterator[Warning]:
    sectors = sectors_in(text[: statement.end()]) or sectors_in(text)
    role, count = role_of(statement["role"], sectors), int(statement["count"])
    if role is None or not sectors:
        return
    have = seats.get((role, sectors[0]))
    if have is not None and have != count:
        yield Warning("count_mismatch", number, f"Her står {count}, men der er {have} pladser til samme rolle.")
    elif have is None and any(key[0] is role for key in seats):
        yield Warning(
            "count_mismatch", number, f"»{statement[0]}« har ingen plads for sig blandt de talte pladser."
        )


def _of_lists(lines: Sequence[Line]) -> Iterator[Counted]:
    announced: str | None = None
    for index, line in enumerate(lines):
        if line.is_blank:
            continue
        text = line.words
        item = is_bullet(line.text)
        if text.endswith(":"):
            announced = text
        elif not item and not _COUNT_FIRST.match(text):
            announced = None if len(text) > 60 else announced
        after = lines[index + 1].words if index + 1 < len(lines) else ""
        whole = f"{text} {after}" if after.startswith("(") else text
        made = _one(whole, line.number, announced if announced != text else None)
        if made:
            yield made


def _one(text: str, number: int, announced: str | None) -> Counted | None:
    if _NOT_A_TOTAL.search(text):
        return None
    bought = _BOUGHT.search(text)
    found = bought or _COUNT_FIRST.match(text) or _COUNT_LAST.match(text)
    if not found or _begins_with_length(text):
        return None
    role_words = found["role"]
    own = length_in(text[found.start("role") :]) if not bought else length_in(text)
    length = own or (length_in(announced) if announced else None)
    speaks_of_seats = bool(bought) or bool(announced and re.search(_SEATS, announced, re.I))
    sectors = sectors_in(role_words) or (sectors_in(announced) if announced else ())
    role = role_of(role_words, sectors)
    count = number_in(found["count"])
    if role is None or count is None or not (own or speaks_of_seats):
        return None
    if not bought and not own and len(text) > 120:
        return None
    return Counted(count, role, sectors, length[1] if length else None, number, _without_length(role_words))


def _begins_with_length(text: str) -> bool:
    length = length_in(text)
    return length is not None and length[2][0] == 0


def _without_length(text: str) -> str:
    return re.sub(r"\s*\((?=[^)]*\b(?:dag|time|uddannelse))[^)]*\)\s*$", "", text).strip(" ,;.:–-")


def _of_table(table: Table) -> Iterator[Counted]:
    at = table.column("count")
    if at is None:
        return
    hours = table.column("hours")
    label = next((n for n in range(len(table.header)) if n not in (at, hours, table.period_column)), None)
    for row in table.rows:
        count = re.match(r"\s*(\d{1,4})\b", row[at].text) if at < len(row) else None
        if (
            count is None
            or label is None
            or not row[label].text
            or re.match(r"i\s*alt|total|sum", row[label].text, re.I)
        ):
            continue
        words = " ".join(cell.text for n, cell in enumerate(row) if n not in (at, hours, table.period_column))
        sectors = sectors_in(words)
        length = (
            length_in(row[hours].text) if hours is not None else length_in(" ".join(cell.text for cell in row))
        )
        if role_in(words) is None and not is_course(words):
            continue
        yield Counted(
            int(count[1]),
            role_of(words, sectors),
            sectors,
            length[1] if length else None,
            row[label].number,
            row[label].text,
        )


def _matching(line: str, draft: Draft, quotas: Iterable[Counted]) -> list[Counted]:
    """The counts of the role and the sectors that `line` names; none where two fit one sector."""
    sectors = sectors_in(line) or draft.sectors
    role = role_of(line, sectors)
    fitting = [
        one
        for one in quotas
        if role and one.role is role and (one.sectors[:1] or (None,))[0] in (sectors or (None,))
    ]
    by_sector = {one.sectors[:1] for one in fitting}
    return fitting if len(by_sector) == len(fitting) else []

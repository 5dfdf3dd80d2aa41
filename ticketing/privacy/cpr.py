"""Finds and masks Danish civil registration numbers (CPR). Pure text in, text out."""

import re
from calendar import monthrange

MASK = "******-****"
# ddmmyy and four digits: joined, or apart by a hyphen or a space. Not inside a longer number.
_CANDIDATE = re.compile(
    r"(?<![0-9])([0-9]{2})([0-9]{2})([0-9]{2})"
    r"(?P<apart>[ \u00a0]?[-‐‑–][ \u00a0]?|[ \u00a0])?[0-9]{4}(?![0-9])"
)
# Without a hyphen a letter beside it makes it part of a word, unless that word says what it is.
_IN_A_WORD = re.compile(r"[A-Za-z]")
_SAYS_SO = re.compile(r"(?:cpr|nr|nummer)$", re.IGNORECASE)
# A replacement number, given to someone who has none yet, carries the day plus 60.
_REPLACEMENT_DAY = 60


def mask(text: str) -> tuple[str, int]:
    """`text` with every CPR number replaced by asterisks, and how many there were.

    A number counts when its first six digits are a date; the check digit says nothing, since numbers
    without a valid one have been given out since 2007.
    """
    found = spans(text)
    pieces, at = [], 0
    for start, end in found:
        pieces += [text[at:start], MASK]
        at = end
    return "".join([*pieces, text[at:]]), len(found)


def spans(text: str) -> list[tuple[int, int]]:
    """Where the CPR numbers of `text` stand: (start, end) of each, in order."""
    return [
        match.span()
        for match in _CANDIDATE.finditer(text)
        if _is_date(int(match[1]), int(match[2]), int(match[3])) and _stands_apart(text, match)
    ]


def _stands_apart(text: str, match: re.Match[str]) -> bool:
    if (match["apart"] or "").strip():
        return True
    start, end = match.span()
    before, after = text[max(0, start - 6) : start], text[end : end + 1]
    in_a_word = _IN_A_WORD.match(before[-1:]) and not _SAYS_SO.search(before)
    return not in_a_word and not _IN_A_WORD.match(after)


def _is_date(day: int, month: int, year: int) -> bool:
    if day > _REPLACEMENT_DAY:
        day -= _REPLACEMENT_DAY
    # The century isn't known from these digits; 2000–2099 has every leap day that 1900–1999 has.
    return 1 <= month <= 12 and 1 <= day <= monthrange(2000 + year, month)[1]

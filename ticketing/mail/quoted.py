"""Parts what somebody wrote now from the history below it, for Danish and English mail programs."""

import re

from mailparser_reply.parser import EmailMessage as KnownHeaders

#: The library's patterns cost more than linear time in hostile text: they get lines no longer than this,
#: no more of them than this, and no runs of empty ones.
_LINE_LENGTH = 300
_LINES = 400
_HEADERS = KnownHeaders(text="", languages=["da", "en"]).HEADER_REGEX
# "Den 3. maj 2026 kl. 10.04 skrev Lise <lise@…>:", which mail programs break over two or three lines.
_WROTE = re.compile(
    r"^(?:den|on|man|tir|ons|tor|fre|lør|søn|[0-9])[^\n]{0,200}(?:\n[^\n]{0,200}){0,2}?"
    r"\b(?:skrev|wrote)\b[^\n]{0,200}(?:\n[^\n]{0,120})?:[ \t]{0,5}$",
    re.IGNORECASE | re.MULTILINE,
)
_MARKER = re.compile(
    r"^[ \t>]{0,10}(?:-{2,20} ?(?:oprindelig (?:meddelelse|besked)|videresendt (?:meddelelse|besked)"
    r"|original message|forwarded message) ?-{2,20}|_{20,80}(?=\n+[ \t]*\**(?:fra|from):))",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER_PROOF = re.compile(r"@|^\W{0,5}(?:sendt|sent|dato|date):", re.IGNORECASE | re.MULTILINE)


def part_from_history(text: str) -> tuple[str, str | None]:
    """(`reply`, `folded`): what was written now, and the quoted history, None if there is none.

    When nothing is left, as in a forwarded mail, all of it is the reply: better too much than nothing.
    Text above, between or below quotations counts as written now.
    """
    lines = text.split("\n")
    start = _history_starts(lines)
    above = _without_trailing_quotes(lines[:start])
    reply = "\n".join(above).strip("\n")
    if not reply.strip():
        reply = _below_quotation(lines)
    if not reply.strip():
        return text, None
    folded = "\n".join(lines[len(above) :]).strip("\n")
    return reply, folded if folded.strip() and reply.strip() != text.strip() else None


def _history_starts(lines: list[str]) -> int:
    """The index of the first line of history; the number of lines if there is none."""
    shown: list[str] = []
    origin: list[int] = []
    for index, line in enumerate(lines):
        if line.strip() or (shown and shown[-1]):
            shown.append(line.strip()[:_LINE_LENGTH])
            origin.append(index)
        if len(shown) >= _LINES:
            break
    sample = "\n".join(shown)
    starts = [match.start() for match in _MARKER.finditer(sample)]
    starts += [match.start() for match in _WROTE.finditer(sample) if _names_a_mail(sample, match)]
    starts += [match.start() for match in _HEADERS.finditer(sample) if _is_header_block(match[0])]
    if not starts:
        return len(lines)
    first = min(starts)
    first += len(sample[first:]) - len(sample[first:].lstrip("\n"))
    return origin[min(sample.count("\n", 0, first), len(origin) - 1)]


def _names_a_mail(sample: str, match: re.Match[str]) -> bool:
    """A header has a time or an address, or a quotation follows; "Den pædagog skrev sådan:" has neither."""
    below = sample[match.end() :].lstrip("\n")
    return "@" in match[0] or bool(re.search(r"\d[^\n]{0,60}\d", match[0])) or below.startswith(">")


def _is_header_block(found: str) -> bool:
    """A parent may well write "Fra: mandag / Til: fredag": a mail's header has an address or a time sent."""
    return bool(_HEADER_PROOF.search(found))


def _without_trailing_quotes(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    return lines[:end]


def _below_quotation(lines: list[str]) -> str:
    """What somebody wrote under a quotation that the mail begins with."""
    last_quoted = max((i for i, line in enumerate(lines) if line.lstrip().startswith(">")), default=None)
    return "" if last_quoted is None else "\n".join(lines[last_quoted + 1 :]).strip("\n")

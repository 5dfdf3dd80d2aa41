"""Parts what somebody wrote now from the history below it, for Danish and English mail programs."""

import re

from mailparser_reply.parser import EmailMessage as KnownHeaders

from ticketing.mail.signatures import signature_starts

#: The library's patterns cost more than linear time in hostile text: they get lines no longer than this,
#: no more of them than this, and no runs of empty ones.
_LINE_LENGTH = 300
_LINES = 400
#: A line that says who wrote is broken into no more than so many.
_HEADER_LINES = 5
_HEADERS = KnownHeaders(text="", languages=["da", "en"]).HEADER_REGEX
# "Den 3. maj 2026 kl. 10.04 skrev Lise <lise@…>:", which mail programs break over two or three lines.
_WROTE = re.compile(
    r"^(?:den|on|am|man|tir|ons|tor|fre|lør|søn|[0-9])[^\n]{0,200}(?:\n[^\n]{0,200}){0,2}?"
    r"\b(?:skrev|wrote|schrieb)\b[^\n]{0,200}(?:\n[^\n]{0,120}){0,2}?:[ \t]{0,5}$",
    re.IGNORECASE | re.MULTILINE,
)
_MARKER = re.compile(
    r"^[ \t>]{0,10}(?:-{2,20} ?(?:oprindelig (?:meddelelse|besked|mail|aftale)"
    r"|videresendt (?:meddelelse|besked|mail)|original (?:message|appointment)|forwarded message) ?-{2,20}"
    r"|_{20,80}(?=\n+[ \t]*\**(?:fra|from):)"
    r"|(?:start på videresendt (?:besked|meddelelse)|begin forwarded message):"
    r"|(?!>)[^\n]{1,160}\b(?:skrev den |wrote on |(?:skrev|wrote) \()[^\n]{0,20}\d[^\n]{0,60}:$"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d[^\n]{1,200}@[^\n]{1,100}>:$)",
    re.IGNORECASE | re.MULTILINE,
)
#: The header lines of a quoted mail in Danish, English, Swedish and German, some programs' with empty lines
#: between them.
_FROM = re.compile(r"^[>* \t]{0,6}(?:fra|from|från|von)[* ]{0,3}:", re.IGNORECASE)
_NEXT = re.compile(
    r"^[>* \t]{0,6}(?:sendt|sent|dato|date|til|to|cc|kopi|emne|subject|skickat|till|ämne|kopia|gesendet|an"
    r"|betreff|datum|svar til|reply-to|prioritet|vigtighed|importance)[* ]{0,3}:",
    re.IGNORECASE,
)
_SENT_OR_SUBJECT = re.compile(
    r"^[>* \t]{0,6}(?:sendt|sent|dato|date|emne|subject|skickat|ämne|gesendet|betreff|datum)[* ]{0,3}:",
    re.IGNORECASE,
)
_HEADER_PROOF = re.compile(r"@|^\W{0,5}(?:sendt|sent|dato|date):", re.IGNORECASE | re.MULTILINE)


def part_from_history(text: str) -> tuple[str, str | None]:
    """(`reply`, `folded`): what was written now, and the rest: quoted history and signature, None if there
    is none. Together they hold every line.

    Answers above, between and below quotations count as written now; between them the quotations stay.
    When nothing is left, as in a forwarded mail, all of it is the reply: better too much than nothing.
    """
    lines = text.split("\n")
    written = _written_now(lines)
    shown = [lines[index] for index in written]
    end = signature_starts(shown)
    while end and not shown[end - 1].strip():
        end -= 1
    reply = "\n".join(shown[:end]).strip("\n")
    if not reply.strip():
        return text, None
    kept = set(written[:end])
    folded = "\n".join(line for index, line in enumerate(lines) if index not in kept).strip("\n")
    return reply, folded if folded.strip() else None


def _written_now(lines: list[str]) -> list[int]:
    """The indexes of the lines that the sender wrote, with the quotations between them."""
    start = _history_starts(lines)
    above = list(range(len(_without_trailing_quotes(lines[:start]))))
    below = _answers_below(lines, start)
    return above + below if any(lines[index].strip() for index in above + below) else []


def _answers_below(lines: list[str], start: int) -> list[int]:
    """What stands under a quotation whose lines begin with ">": one answer alone, several with what they
    answer. History without such marks, as Outlook's, has no end that could be seen."""
    quoted = [index for index in range(start, len(lines)) if lines[index].lstrip().startswith(">")]
    if not quoted or quoted[0] - start > _HEADER_LINES:
        return []
    end = quoted[0] + _history_starts(lines[quoted[0] :])
    answers = [
        index
        for index in range(quoted[0], end)
        if lines[index].strip() and not lines[index].lstrip().startswith(">") and _is_apart(lines, index)
    ]
    answers = answers[: signature_starts(["", "x", *(lines[index] for index in answers)]) - 2]
    if not answers:
        return []
    is_between = any(answers[0] < index < answers[-1] for index in quoted)
    return list(range(quoted[0] if is_between else answers[0], answers[-1] + 1))


def _is_apart(lines: list[str], index: int) -> bool:
    """Not the rest of a quoted line that a mail program broke: that has the quotation right above it."""
    while index and lines[index].strip() and not lines[index].lstrip().startswith(">"):
        index -= 1
    return not lines[index].strip()


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
    blocks = [
        at for at in range(len(shown)) if _FROM.match(shown[at]) and _header_lines_follow(shown[at + 1 :])
    ]
    if not starts and not blocks:
        return len(lines)
    if starts:
        first = min(starts)
        first += len(sample[first:]) - len(sample[first:].lstrip("\n"))
        blocks.append(min(sample.count("\n", 0, first), len(origin) - 1))
    return origin[min(blocks)]


def _header_lines_follow(below: list[str]) -> bool:
    """Whether a "Fra:" begins a mail's header: two more header lines, one of which parents don't write."""
    found = []
    for line in below:
        if line and not _NEXT.match(line):
            break
        found += [line] if line else []
    return len(found) >= 2 and any(_SENT_OR_SUBJECT.match(line) for line in found)


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

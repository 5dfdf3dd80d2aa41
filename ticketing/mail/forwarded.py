"""A mail that a colleague passes on: who wrote it first, and what the colleague says about it. Pure."""

import re
from dataclasses import dataclass

from ticketing.mail.message import MailAddress, NotAMessage, ParsedMessage
from ticketing.mail.parse import parse
from ticketing.mail.quoted import part_from_history
from ticketing.settings import AttachmentLimits

#: "VS:" and its like, also behind a mark that a mail server put there, as "[EKSTERN]".
_PREFIX = re.compile(
    r"^\s{0,5}(?:\[[^\]]{1,30}\]\s{0,5})?(?:vs|fw|fwd|videresendt|videresend)\s?:\s*", re.IGNORECASE
)
_REPLY_PREFIX = re.compile(
    r"^\s{0,5}(?:(?:sv|re|vs|fw|fwd|videresendt|videresend)\s?:\s*){1,10}", re.IGNORECASE
)
#: What mail programs write above the header of what they pass on.
_MARKER = re.compile(
    r"[>\s]{0,5}(?:[-_]{2,80}\s?(?:(?:oprindelig|videresendt|original|forwarded) "
    r"(?:meddelelse|besked|mail|message)\s?-{2,80})?"
    r"|(?:start på videresendt (?:besked|meddelelse|mail)|begin forwarded message):)\s*",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"(?P<name>fra|from|sendt|sent|dato|date|til|to|cc|kopi|emne|subject|svar til|reply-to|prioritet|vigtighed"
    r"|importance)\*{0,2}\s?:\*{0,2}\s{0,5}(?P<value>.*)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s<>\"(),;:\[\]\\@]{1,64}@[^\s<>\"(),;:\[\]\\@*]{1,189}")
_LINE_LENGTH = 500
#: A header longer than this is none.
_HEADER_LINES = 30
#: An address that nobody reads: whoever passes its mail on asks for themselves.
_NOBODY = re.compile(
    r"(?:no-?reply|do-?not-?reply|ikke-?svar|mailer-daemon|postmaster|bounces?)\b.*@", re.IGNORECASE
)


@dataclass(frozen=True)
class Forwarded:
    """What was passed on: its first `sender`, `subject` and text (`body`, its own history in `folded`); `note`
    is what the one who passed it on wrote above. `inside`: the original, where it came as a message."""

    sender: MailAddress
    subject: str
    body: str
    folded: str | None
    note: str
    inside: ParsedMessage | None = None


def forwarded(mail: ParsedMessage, limits: AttachmentLimits | None = None) -> Forwarded | None:
    """What `mail` passes on, None unless its subject says that it does (VS, FW, Fwd, Videresendt) and the
    original names the address of whoever wrote it: in a header of Outlook, Gmail or Apple Mail within the
    text, Danish or English, or as a message/rfc822."""
    if not _PREFIX.match(mail.subject):
        return None
    found = _in_text(mail) or _as_message(mail, limits)
    if found is None or _NOBODY.match(found.sender.email):
        return None
    return None if mail.sender is not None and found.sender.email == mail.sender.email else found


def _in_text(mail: ParsedMessage) -> Forwarded | None:
    lines = [line[:_LINE_LENGTH] for line in mail.text.split("\n")]
    for start, line in enumerate(lines):
        field = _field(line)
        if field is None or field[0] not in ("fra", "from"):
            continue
        fields, end = _header(lines, start)
        sender = _address(fields.get("fra") or fields.get("from") or "")
        if sender is None or len(fields) < 3:
            continue
        is_quoted = line.lstrip().startswith(">")
        body = "\n".join(_unquoted(one) if is_quoted else one for one in mail.text.split("\n")[end:])
        reply, folded = part_from_history(body.strip("\n"))
        subject = fields.get("emne") or fields.get("subject") or bare_subject(mail.subject)
        return Forwarded(sender, subject, reply, folded, _own_words(lines[:start]))
    return None


def _as_message(mail: ParsedMessage, limits: AttachmentLimits | None) -> Forwarded | None:
    nested = next((one for one in mail.attachments if one.media_type == "message/rfc822"), None)
    if nested is None:
        return None
    try:
        inside = parse(nested.content, limits)
    except NotAMessage:
        return None
    if inside.sender is None or not inside.text.strip():
        return None
    # Without words of its own, a mail's text is that of the message inside it.
    note = "" if inside.text.strip() in mail.text else _own_words(mail.text.split("\n"))
    return Forwarded(inside.sender, inside.subject, inside.reply, inside.folded, note, inside)


def bare_subject(subject: str) -> str:
    """`subject` without its "VS:", "SV:" and the like."""
    return _REPLY_PREFIX.sub("", _PREFIX.sub("", subject)).strip()


def _header(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """The header that begins at `start` and the index of the first line below it. Some programs put empty lines
    between its lines, and long lists of receivers go on in the next."""
    fields: dict[str, str] = {}
    end = index = start
    while index < min(len(lines), start + _HEADER_LINES):
        text = _unquoted(lines[index]).strip()
        field = _field(lines[index])
        if field is not None:
            if field[0] in fields:
                break
            fields[field[0]] = field[1]
            end = index + 1
        elif text and not (end == index and ("@" in text or text.endswith(";"))):
            break
        elif text:
            end = index + 1
        index += 1
    return fields, end


def _field(line: str) -> tuple[str, str] | None:
    match = _FIELD.fullmatch(_unquoted(line).strip().lstrip("*").strip())
    return (match["name"].lower(), match["value"].strip().strip("*").strip()) if match else None


def _unquoted(line: str) -> str:
    bare = line.lstrip()
    return bare[1:].removeprefix(" ") if bare.startswith(">") else line


def _address(value: str) -> MailAddress | None:
    found = _ADDRESS.search(value.replace("mailto:", " "))
    if found is None:
        return None
    name = value[: value.find(found[0])].replace("mailto:", "").strip(" <>[]()\"'*\t")
    return MailAddress(name[:120], found[0].lower())


def _own_words(lines: list[str]) -> str:
    while lines and (not lines[-1].strip() or _MARKER.fullmatch(lines[-1])):
        lines = lines[:-1]
    text = "\n".join(lines).strip("\n")
    return part_from_history(text)[0].strip() if text.strip() else ""

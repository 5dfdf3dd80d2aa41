"""Walks the parts of a message: which of them are its text, which are files. Nothing here raises for what
a sender does; it warns and goes on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message

import puremagic

from ticketing.mail import headers
from ticketing.mail.charsets import decoded, printable
from ticketing.mail.html_text import HTML_LENGTH, text_of_html
from ticketing.mail.message import MailAttachment

PARTS = 1000
DEPTH = 30
ATTACHMENTS = 50
ATTACHMENT_BYTES = 25 * 1024 * 1024
ALL_ATTACHMENTS_BYTES = 50 * 1024 * 1024
TEXT_LENGTH = 200_000
_NAME_LENGTH = 120
_SNIFFED_BYTES = 8192
_UNSAFE_IN_NAME = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
#: What a part is called when its sender gave it no name.
_NAMES = {"message/rfc822": "besked.eml", "text/calendar": "invitation.ics", "text/html": "besked.html"}
#: Raised by the library's structured headers and decoders for what real programs send.
BROKEN = (LookupError, ValueError, TypeError, AttributeError, AssertionError, MessageError, RecursionError)


@dataclass
class Contents:
    """What the walk has gathered."""

    texts: list[str] = field(default_factory=list)
    attachments: list[MailAttachment] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seen: int = 0

    def warn(self, text: str) -> None:
        """Notes `text` once."""
        if text not in self.warnings and len(self.warnings) < 50:
            self.warnings.append(text)


def contents(message: Message) -> Contents:
    """The texts and files of `message`, in the order they stand."""
    found = Contents()
    _walk(message, found, 0)
    return found


def _walk(part: Message, found: Contents, depth: int) -> None:
    found.seen += 1
    if found.seen > PARTS or depth > DEPTH:
        found.warn("parts beyond the limit were left out")
        return
    kind = content_type(part)
    inner = part.get_payload()
    if kind == "message/rfc822" and isinstance(inner, list):
        _keep_nested(part, inner, found)
    elif kind == "message/delivery-status":
        return
    elif isinstance(inner, list):
        children = [child for child in inner if isinstance(child, Message)]
        if kind == "multipart/encrypted":
            found.warn("the message is encrypted and can't be read here")
        if kind == "multipart/alternative":
            _walk_alternative(children, found, depth)
        else:
            for child in children:
                _walk(child, found, depth + 1)
    else:
        _leaf(part, kind, found, is_root=depth == 0)


def _walk_alternative(children: list[Message], found: Contents, depth: int) -> None:
    """Of several wordings of the same, the plain one; the HTML one when the plain is missing or empty."""
    before = len(found.texts)
    for child in children:
        if content_type(child) == "text/plain" and not _is_file(child):
            _walk(child, found, depth + 1)
    has_plain = any(text.strip() for text in found.texts[before:])
    for child in children:
        kind = content_type(child)
        if kind == "text/plain" and not _is_file(child):
            continue
        if has_plain and kind == "text/html":
            continue
        before_child = len(found.texts)
        _walk(child, found, depth + 1)
        if has_plain:
            del found.texts[before_child:]  # the HTML inside a multipart/related, wanted only for its files


def _leaf(part: Message, kind: str, found: Contents, *, is_root: bool) -> None:
    content = _content(part, found)
    is_text = kind in ("text/plain", "text/html") or (is_root and kind.startswith("text/"))
    if kind.startswith("multipart/"):
        found.warn("a part of several that has none: its content is shown as it stands")
        is_text = True
    if is_text and not _is_file(part):
        text, warning = decoded(content, charset(part))
        if warning:
            found.warn(f"charset: {warning}")
        found.texts.append(_readable(text, kind, found))
    elif content or _name(part):
        _keep_file(part, kind, content, found)


def _readable(text: str, kind: str, found: Contents) -> str:
    if kind == "text/html":
        if len(text) > HTML_LENGTH:
            found.warn("the HTML is longer than can be shown")
        text = text_of_html(printable(text))
    text = printable(text)
    if len(text) > TEXT_LENGTH:
        found.warn("the text is longer than can be shown")
    return text[:TEXT_LENGTH]


def _keep_file(part: Message, kind: str, content: bytes, found: Contents) -> None:
    kept = sum(len(one.content) for one in found.attachments)
    if len(found.attachments) >= ATTACHMENTS:
        found.warn(f"more than {ATTACHMENTS} attachments: the rest were left out")
        return
    name = _clean_name(_name(part)) or _NAMES.get(kind, f"vedhaeftning-{len(found.attachments) + 1}")
    if len(content) > ATTACHMENT_BYTES or kept + len(content) > ALL_ATTACHMENTS_BYTES:
        found.warn(f"the attachment {name} is too large and was left out")
        return
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef"):
        found.warn("winmail.dat: its content is kept unopened")
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        found.warn("the message is encrypted and can't be read here")
    if kind == "text/calendar":
        found.warn("a calendar invitation")
    found.attachments.append(MailAttachment(name, _sniffed(content, kind, name), content))


def _keep_nested(part: Message, inner: Sequence[object], found: Contents) -> None:
    """A message inside the message is a file; its subject gives it a name."""
    nested = next((child for child in inner if isinstance(child, Message)), None)
    if nested is None:
        return
    try:
        content = nested.as_bytes()
    except (*BROKEN, UnicodeError):
        found.warn("a message inside the message could not be kept as a file")
        return
    subject = _clean_name(headers.text_value(nested, "Subject"))[:80].strip()
    name = _clean_name(_name(part)) or (f"{subject}.eml" if subject else _NAMES["message/rfc822"])
    if len(found.attachments) < ATTACHMENTS and len(content) <= ATTACHMENT_BYTES:
        found.attachments.append(MailAttachment(name, "message/rfc822", content))
    else:
        found.warn("a message inside the message was left out")


def content_type(part: Message) -> str:
    """The declared media type; text/plain where it is missing or not one (RFC 2045 §5.2)."""
    declared = headers.raw_value(part, "Content-Type").split(";", 1)[0].strip().lower()
    if _MEDIA_TYPE.fullmatch(declared):
        return declared
    return "text/html" if declared in ("html", "text/htm") else "text/plain"


def charset(part: Message) -> str | None:
    """The declared charset, None where it is missing or unreadable."""
    try:
        found = part.get_content_charset()
    except BROKEN:
        return None
    return str(found) if found else None


def _content(part: Message, found: Contents) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except BROKEN:
        found.warn("a part could not be decoded and was taken as it stands")
        payload = None
    if isinstance(payload, bytes):
        return payload
    raw = part.get_payload()
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def _is_file(part: Message) -> bool:
    disposition = headers.raw_value(part, "Content-Disposition").split(";", 1)[0].strip().lower()
    return disposition == "attachment" or (disposition != "inline" and bool(_name(part)))


def _name(part: Message) -> str:
    try:
        found = part.get_filename() or ""
    except BROKEN:
        match = re.search(r"name\*?=\"?([^\";]{1,200})", headers.raw_value(part, "Content-Disposition"))
        found = match[1] if match else ""
    return headers.words(str(found).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def _clean_name(name: str) -> str:
    """`name` without folders and without what a file system or a reader could be fooled by."""
    base = re.split(r"[/\\]", printable(name))[-1]
    base = _UNSAFE_IN_NAME.sub("", " ".join(base.split())).strip(". ")
    if len(base) <= _NAME_LENGTH:
        return base
    stem, dot, ending = base.rpartition(".")
    if not dot or len(ending) > 10:
        return base[:_NAME_LENGTH]
    return f"{stem[: _NAME_LENGTH - len(ending) - 1]}.{ending}"


def _sniffed(content: bytes, declared: str, name: str) -> str:
    """What the content looks like. Where it gives nothing away: the declared type if that can do no harm."""
    try:
        matches = puremagic.magic_string(content[:_SNIFFED_BYTES], name)
    except (puremagic.PureError, *BROKEN):
        matches = []
    types = [one.mime_type for one in matches if one.mime_type and one.confidence >= 0.3]
    if types:
        return declared if declared in types else str(types[0])
    harmless = declared in ("text/plain", "text/csv", "text/calendar") and b"\x00" not in content
    return declared if harmless else "application/octet-stream"

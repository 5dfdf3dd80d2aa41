"""Walks the parts of a message: which of them are its text, which are files. Nothing here raises for what
a sender does; it warns and goes on. No archive is opened: what is inside a zip stays there."""

import re
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message

import puremagic

from ticketing.mail import headers, tnef
from ticketing.mail.calendar_text import text_of_calendar
from ticketing.mail.charsets import decoded, printable
from ticketing.mail.file_names import cleaned
from ticketing.mail.html_text import HTML_LENGTH, text_of_html
from ticketing.mail.message import LeftOut, MailAttachment
from ticketing.mail.structure import AS_SENT
from ticketing.settings import AttachmentLimits

PARTS = 1000
DEPTH = 30
TEXT_LENGTH = 200_000
LEFT_OUT = 200
_SNIFFED_BYTES = 8192
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,80}")
#: What a part is called when its sender gave it no name.
_NAMES = {"message/rfc822": "besked.eml", "text/calendar": "invitation.ics", "text/html": "besked.html"}
#: Raised by the library's structured headers and decoders for what real programs send.
BROKEN = (LookupError, ValueError, TypeError, AttributeError, AssertionError, MessageError, RecursionError)


@dataclass
class Contents:
    """What the walk has gathered."""

    limits: AttachmentLimits = field(default_factory=AttachmentLimits)
    texts: list[str] = field(default_factory=list)
    attachments: list[MailAttachment] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    #: Text of something inside, used when the message itself has none: a forwarded message, an invitation.
    inner_texts: list[Callable[[], str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seen: int = 0
    kept_bytes: int = 0

    def warn(self, text: str) -> None:
        """Notes `text` once."""
        if text not in self.warnings and len(self.warnings) < 50:
            self.warnings.append(text)

    def keep(self, name: str, media_type: str, content: bytes) -> None:
        """Takes a file in, unless that would exceed a limit: then it is named among those left out."""
        if len(content) > self.limits.file_bytes:
            self._leave(name, content, "too large")
        elif len(self.attachments) >= self.limits.files:
            self._leave(name, content, "too many")
        elif self.kept_bytes + len(content) > self.limits.all_bytes:
            self._leave(name, content, "too much")
        else:
            self.kept_bytes += len(content)
            self.attachments.append(MailAttachment(name, media_type, content))

    def _leave(self, name: str, content: bytes, why: str) -> None:
        if len(self.left_out) < LEFT_OUT:
            self.left_out.append(LeftOut(name, len(content), why))
        self.warn(f"attachments were left out: {why}")


def contents(message: Message, limits: AttachmentLimits | None = None) -> Contents:
    """The texts and files of `message`, in the order they stand."""
    found = Contents(limits or AttachmentLimits())
    _walk(message, found, 0)
    if not any(text.strip() for text in found.texts):
        found.texts = [text() for text in found.inner_texts[:1]]
    return found


def _walk(part: Message, found: Contents, depth: int) -> None:
    found.seen += 1
    if found.seen > PARTS or depth > DEPTH:
        found.warn("parts beyond the limit were left out")
        return
    kind = content_type(part)
    if not part.is_multipart():
        _leaf(part, kind, found, is_root=depth == 0)
        return
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    if kind == "message/rfc822" and children:
        _keep_nested(part, children[0], found)
    elif kind == "message/delivery-status":
        return
    elif kind == "multipart/alternative":
        _walk_alternative(children, found, depth)
    else:
        if kind == "multipart/encrypted":
            found.warn("the message is encrypted and can't be read here")
        for child in children:
            _walk(child, found, depth + 1)


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
    name = cleaned(_name(part)) or _NAMES.get(kind, f"vedhaeftning-{len(found.attachments) + 1}")
    wrapped = tnef.opened(content) if kind in _TNEF or name.lower() == "winmail.dat" else None
    if wrapped is not None:
        _unwrap(wrapped, found)
        return
    if kind in _TNEF:
        found.warn("winmail.dat can't be read: it is kept unopened")
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        found.warn("the message is encrypted and can't be read here")
    if kind == "text/calendar":
        found.warn("a calendar invitation")
        found.inner_texts.append(lambda: _readable(text_of_calendar(content), "text/plain", found))
    found.keep(name, sniffed(content, kind, name), content)


def _unwrap(wrapped: tnef.Opened, found: Contents) -> None:
    """What Outlook put into winmail.dat takes its place; its text counts where the message has none."""
    found.warn("winmail.dat was opened")
    kind = "text/plain" if wrapped.text.strip() else "text/html"
    found.inner_texts.append(
        lambda: _readable(wrapped.text if kind == "text/plain" else wrapped.html, kind, found)
    )
    for number, (name, content) in enumerate(wrapped.files, len(found.attachments) + 1):
        label = cleaned(name) or f"vedhaeftning-{number}"
        found.keep(label, sniffed(content, "application/octet-stream", label), content)


def _keep_nested(part: Message, nested: Message, found: Contents) -> None:
    """A message inside the message is a file; its subject gives it a name."""
    try:
        content = nested.as_bytes(policy=AS_SENT)
    except (*BROKEN, UnicodeError):
        found.warn("a message inside the message could not be kept as a file")
        return
    subject = headers.text_value(nested, "Subject")
    name = cleaned(_name(part)) or cleaned(f"{subject[:80]}.eml" if subject else _NAMES["message/rfc822"])
    found.inner_texts.append(lambda: _text_of_nested(nested, subject))
    found.keep(name, "message/rfc822", content)


def _text_of_nested(nested: Message, subject: str) -> str:
    inside = Contents()
    children = nested.get_payload() if nested.is_multipart() else [nested]
    for child in children:
        if isinstance(child, Message) and child.get_content_maintype() in ("text", "multipart"):
            _walk(child, inside, DEPTH - 3)
    words = "\n\n".join(text for text in inside.texts if text.strip())
    return (
        f"Fra: {headers.text_value(nested, 'From')}\nEmne: {subject}\n\n{words}"[:TEXT_LENGTH] if words else ""
    )


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
        bare = copy(part)
        del bare["Content-Transfer-Encoding"]
        payload = bare.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


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


def sniffed(content: bytes, declared: str, name: str) -> str:
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

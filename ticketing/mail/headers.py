"""Reads headers from their raw values, one by one: the library's structured parser raises on some that
real programs send, and a broken one must not take the others with it."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from ticketing.mail.charsets import decoded, printable
from ticketing.mail.message import Authentication, MailAddress
from ticketing.mail.structure import HEADER_LENGTH

ADDRESSES = 200
_ADDRESS = re.compile(r"[^\s<>\"(),;:\[\]\\@]{1,64}@[^\s<>\"(),;:\[\]\\@]{1,189}")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,248})>")
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?")
# An encoded word with a sign that parts addresses: it should have been encoded too (RFC 2047 §5).
_UNSAFE_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?\s]{0,200}[:;,<>()@\"][^?\s]{0,200}\?=")
_GLUED_WORD = re.compile(r"(\?=)(=\?)")
#: What is in brackets may say anything, also "dmarc=pass".
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_COMMENTS_DEEP = 3
_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s{0,5}=\s{0,5}([a-z]{1,20})", re.IGNORECASE)


def raw_values(message: Message, name: str) -> list[str]:
    """Every value of the header `name`, unfolded, with 8-bit bytes read as text; encoded words untouched."""
    wanted = name.lower()
    found = []
    for key, value in message.raw_items():
        if str(key).lower() == wanted:
            raw = str(value)[:HEADER_LENGTH].encode("utf-8", "surrogateescape")
            found.append(" ".join(decoded(raw, None)[0].split()))
    return found


def raw_value(message: Message, name: str) -> str:
    """The first value of the header `name`, or the empty text."""
    return next(iter(raw_values(message, name)), "")


def text_value(message: Message, name: str) -> str:
    """The first value of `name` as a person reads it: encoded words (RFC 2047) decoded."""
    return words(raw_value(message, name))


def words(value: str) -> str:
    """`value` with its encoded words decoded, as far as they can be; never raises."""
    if not _ENCODED_WORD.search(value):
        return printable(value).strip()
    try:
        pieces = decode_header(_GLUED_WORD.sub(r"\1 \2", value))
    except (HeaderParseError, ValueError):
        return printable(value).strip()
    made = ""
    for piece, charset in pieces:
        made += decoded(piece, charset)[0] if isinstance(piece, bytes) else piece
    return " ".join(printable(made).split())


def addresses(message: Message, name: str) -> tuple[MailAddress, ...]:
    """The addresses of every header `name`. What holds no address gives none."""
    found: list[MailAddress] = []
    for value in raw_values(message, name):
        try:
            pairs = getaddresses([_UNSAFE_WORD.sub(_quoted, value)])
        except (ValueError, IndexError, AttributeError, TypeError):
            pairs = []
        good = [(shown, one) for shown, one in pairs if _ADDRESS.fullmatch(one)]
        if not good:
            good = [("", one) for one in _ADDRESS.findall(words(value))]
        for shown, one in good:
            address = MailAddress(words(shown)[:120], printable(one).lower())
            if address.email not in {known.email for known in found}:
                found.append(address)
            if len(found) >= ADDRESSES:
                return tuple(found)
    return tuple(found)


def _quoted(word: re.Match[str]) -> str:
    return '"' + words(word[0]).replace("\\", "").replace('"', "") + '"'


def message_ids(message: Message, name: str) -> tuple[str, ...]:
    """The Message-IDs of the header `name` in order, each once, with their angle brackets."""
    value = " ".join(raw_values(message, name))
    found = [f"<{one}>" for one in _MESSAGE_ID.findall(value)]
    if not found and "@" in value and "<" not in value:
        # Some programs leave the brackets out.
        found = [f"<{one}>" for one in value.split() if "@" in one and len(one) <= 248]
    return tuple(dict.fromkeys(one for one in found if one.isascii() and one.isprintable()))


def date(message: Message, name: str) -> datetime | None:
    """The time in the header `name` in UTC (no zone given: taken as UTC); None if it is none."""
    value = raw_value(message, name)
    if name.lower() == "received":
        value = value.rpartition(";")[2].strip()
    try:
        when = parsedate_to_datetime(value)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def authentication(message: Message, trusted: Collection[str] = ()) -> Authentication:
    """The results in the topmost Authentication-Results of a server in `trusted` (lower case; "-" is one that
    gives no name): the newest is what our own server found. All others came with the message, and anyone may
    have written them. With nothing in `trusted` the topmost of all counts (RFC 8601 §5)."""
    values = raw_values(message, "Authentication-Results")
    own = next((one for one in values if not trusted or _server_of(one) in trusted), "")
    results: dict[str, str] = {}
    for method, result in _RESULT.findall(_without_comments(own)):
        known = results.get(method.lower())
        # Several DKIM signatures: one that passes is enough.
        if known is None or (method.lower() == "dkim" and result.lower() == "pass"):
            results[method.lower()] = result.lower()
    return Authentication(results.get("spf"), results.get("dkim"), results.get("dmarc"))


def _server_of(results: str) -> str:
    """The name of the server that found the `results` (RFC 8601 §2.2), "-" where it gives none."""
    first = _without_comments(results).partition(";")[0].split()
    return first[0].strip('"').lower() if first and "=" not in first[0] else "-"


def _without_comments(value: str) -> str:
    for _ in range(_COMMENTS_DEEP):
        value = _COMMENT.sub(" ", value)
    return value

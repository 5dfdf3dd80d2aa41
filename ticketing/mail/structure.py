"""Bytes to the tree of a message's parts, in time and memory that grow with its length and no faster.

The library reads anything, but pays for what hostile mail is made of: a hundred thousand parts, headers or
parameters, boundaries inside boundaries (each line is compared with every open one). So it is fed in pieces
and stopped at a bound; what came before is then read on its own, and a warning says that the rest was left.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesFeedParser
from email.policy import EmailPolicy

from ticketing.mail.message import NotAMessage

MESSAGE_BYTES = 64 * 1024 * 1024
#: 64 MB of base64 are 900,000 lines; each costs some sixty bytes beside its text.
LINES = 1_500_000
TREE_PARTS = 5_000
TREE_HEADERS = 20_000
TREE_DEPTH = 40
#: A header longer than this is an attack or an accident. Those that say how a part is built are shorter:
#: the library's cost for parameters grows with the square of their length.
HEADER_LENGTH = 20_000
_STRUCTURE_LENGTH = 4_000
_STRUCTURE = frozenset({"content-type", "content-disposition", "content-transfer-encoding"})
_FIRST_HEADERS = 1_000_000
_FIRST_HEADER_LINES = 5_000
_HEADER_ENDS = re.compile(rb"\r?\n\r?\n|\r\r")
_PIECE = 65_536
_SMALL_PIECE = 256
_HEADER_LINE = re.compile(rb"^[!-9;-~]{1,100}[ \t]*:", re.MULTILINE)
_BEFORE_HEADER = b"\xef\xbb\xbf\r\n\t "


class _TooMuch(Exception):
    """A bound is reached."""


@dataclass
class _Seen:
    headers: int = 0
    parts: int = 0


class _Plain(EmailPolicy):
    """Header values stay the text that was sent, cut to a bound: the library's structured reading of them
    raises for some that real programs send, and is read one by one in `headers` instead."""

    refold_source = "none"
    linesep = "\r\n"
    seen: _Seen | None = None

    def counting(self) -> "_Plain":
        """The same, with counters of its own. A policy is frozen once made, hence the way round."""
        made = _Plain()
        object.__setattr__(made, "seen", _Seen())
        return made

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The header's name and its value, cut."""
        if self.seen is not None:
            self.seen.headers += 1
            if self.seen.headers > TREE_HEADERS:
                raise _TooMuch
        name, value = super().header_source_parse(sourcelines)
        return name, value[: _STRUCTURE_LENGTH if name.lower() in _STRUCTURE else HEADER_LENGTH]

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - the library's own signature
        """The value on one line."""
        return value.replace("\r", "").replace("\n", "")


#: For writing a part out again as it came: no header is folded anew.
AS_SENT = _Plain()


def tree(raw: bytes) -> tuple[Message, list[str]]:
    """The message in `raw` as its parts, and warnings where it was cut. Raises `NotAMessage` for bytes that
    hold no header line: nothing, noise, or text without one."""
    start = _in_bytes(raw).lstrip(_BEFORE_HEADER)
    if not start:
        raise NotAMessage("there is nothing in it")
    if not _HEADER_LINE.search(_first_headers(start)):
        raise NotAMessage("it has no header line")
    kept, warnings = _shortened(start)
    message, good = _fed(kept, _PIECE)
    if message is not None:
        return message, warnings
    # Once more with small steps over the last piece, then what is known to be within the bounds.
    _, good = _fed(kept[: good + _PIECE], _SMALL_PIECE, good)
    message, _ = _fed(kept[:good], _PIECE)
    return message or header_tree(start), [
        *warnings,
        "the structure is beyond the limits: the rest was left out",
    ]


def header_tree(raw: bytes) -> Message:
    """Only the header of a message, without the cost of its body."""
    start = _in_bytes(raw).lstrip(_BEFORE_HEADER)
    message, good = _fed(_first_headers(start), _PIECE)
    return message or _fed(start[:good], _PIECE)[0] or Message(policy=AS_SENT)


def _in_bytes(raw: bytes) -> bytes:
    """The message as bytes of mail, also when a text editor has saved it as UTF-16."""
    if not raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw
    return raw[:MESSAGE_BYTES].decode("utf-16", "replace").encode("utf-8", "replace")


def _first_headers(start: bytes) -> bytes:
    """The header block of `start`, without its body; its beginning where it has no end."""
    head = start[:_FIRST_HEADERS]
    end = _HEADER_ENDS.search(head)
    return _lines(head[: end.end()] if end else head, _FIRST_HEADER_LINES)


def _lines(raw: bytes, count: int) -> bytes:
    """The first `count` lines of `raw`."""
    for end in (b"\n", b"\r"):
        if raw.count(end) > count:
            at = 0
            for _ in range(count):
                at = raw.index(end, at) + 1
            raw = raw[:at]
    return raw


def _shortened(start: bytes) -> tuple[bytes, list[str]]:
    warnings = []
    if len(start) > MESSAGE_BYTES:
        warnings.append(f"the message is larger than {MESSAGE_BYTES // 1024 // 1024} MB: the rest was left out")
        start = start[:MESSAGE_BYTES]
    shorter = _lines(start, LINES)
    if len(shorter) < len(start):
        warnings.append("the message has more lines than can be read: the rest was left out")
    head = _first_headers(shorter)
    end = _HEADER_ENDS.search(shorter)
    if end and len(head) < end.start():
        warnings.append("the header is longer than can be read: its end was left out")
        shorter = head + b"\r\n" + shorter[end.end() :]
    return shorter, warnings


def _fed(raw: bytes, step: int, whole_until: int = 0) -> tuple[Message | None, int]:
    """The message, or None and how many bytes were read before a bound was met; the first `whole_until`
    bytes go in as large pieces."""
    parser = _parser()
    at = 0
    try:
        while at < len(raw):
            size = _PIECE if at < whole_until else step
            parser.feed(raw[at : at + size])
            at += size
        return parser.close(), len(raw)
    except _TooMuch:
        return None, min(at, max(len(raw) - 1, 0))


def _parser() -> "BytesFeedParser[Message]":
    policy = AS_SENT.counting()
    made: list[BytesFeedParser[Message]] = []

    def part(**_options: object) -> Message:
        assert policy.seen is not None
        policy.seen.parts += 1
        if policy.seen.parts > TREE_PARTS or _depth(made) > TREE_DEPTH:
            raise _TooMuch
        return Message(policy=AS_SENT)

    factory: Callable[..., Message] = part
    made.append(BytesFeedParser(factory, policy=policy))
    return made[0]


def _depth(made: "list[BytesFeedParser[Message]]") -> int:
    # The stack of open parts has no public name; a test watches that deep nesting stays cheap.
    return len(getattr(made[0], "_msgstack", ())) if made else 0

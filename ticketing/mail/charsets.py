"""Bytes to text when the sender says the wrong charset, an unknown one or none."""

import re

from charset_normalizer import from_bytes

#: Codecs that Python has and mail has no use for; some cost quadratic time.
_NOT_FOR_MAIL = frozenset(
    {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7_imap"}
)
#: What Danish mail is written in besides UTF-8. A guess among all of the world's charsets is a worse one.
_LIKELY = ["cp1252", "iso8859_15", "utf_16_le", "utf_16_be", "cp865", "mac_roman"]
_SAMPLE_BYTES = 20_000
# All controls but tab and line feed, half surrogates, and marks that turn the reading direction round.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_EIGHT_BIT_NAMES = frozenset({"iso88591", "latin1", "cp1252", "windows1252", "iso885915", "usascii", "ascii"})


def decoded(raw: bytes, charset: str | None) -> tuple[str, str | None]:
    """The text of `raw`, and None or a warning that the declared `charset` was not the right one."""
    if raw.isascii() and _plain_name(charset) in _EIGHT_BIT_NAMES | {"", "utf8"}:
        return raw.decode("ascii"), None
    try:
        as_utf8 = raw.decode("utf-8")
    except UnicodeDecodeError:
        as_utf8 = None
    if as_utf8 is not None and _plain_name(charset) in _EIGHT_BIT_NAMES | {"", "utf8"}:
        # Other 8-bit text is hardly ever valid UTF-8 by chance.
        right = _plain_name(charset) in ("", "utf8")
        return as_utf8, None if right else f"declared as {charset}, read as utf-8"
    if charset and _plain_name(charset) not in ("usascii", "ascii"):
        text = _by_name(raw, charset)
        if text is not None:
            return text, None
    return _guessed(raw, as_utf8, charset)


def printable(text: str) -> str:
    """`text` without characters that hide, reorder or that a database refuses (NUL); lines end in \\n."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _by_name(raw: bytes, charset: str) -> str | None:
    if _plain_name(charset) in {_plain_name(name) for name in _NOT_FOR_MAIL}:
        return None
    try:
        return raw.decode(charset)
    except (LookupError, ValueError):
        return None


def _guessed(raw: bytes, as_utf8: str | None, charset: str | None) -> tuple[str, str | None]:
    declared = charset or "no charset"
    if as_utf8 is not None:
        return as_utf8, f"declared as {printable(declared)[:40]}, read as utf-8"
    best = from_bytes(raw[:_SAMPLE_BYTES], cp_isolation=_LIKELY).best()
    name = best.encoding if best is not None else "cp1252"
    return raw.decode(name, "replace"), f"declared as {printable(declared)[:40]}, read as {name}"


def _plain_name(charset: str | None) -> str:
    return re.sub(r"[^a-z0-9]", "", (charset or "").lower())

"""What a sender called a file, as a label that fools neither a reader nor a file system. Pure."""

import re
import unicodedata

from ticketing.mail.charsets import printable

NAME_LENGTH = 120
_UNSAFE = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
#: Names that mean a device on Windows, whatever their ending.
_DEVICES = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)")


def cleaned(name: str) -> str:
    """`name` without folders, controls, invisible characters and reading-direction marks, not hidden, no
    device of Windows, at most `NAME_LENGTH` characters with its ending kept. May be empty."""
    base = re.split(r"[/\\]", printable(name))[-1]
    base = "".join(one for one in base if unicodedata.category(one) not in ("Cf", "Co", "Cn", "Zl", "Zp"))
    base = _UNSAFE.sub("", " ".join(base.split())).strip(". ")
    if _DEVICES.match(base):
        base = f"_{base}"
    if len(base) <= NAME_LENGTH:
        return base
    stem, dot, ending = base.rpartition(".")
    if not dot or len(ending) > 10:
        return base[:NAME_LENGTH]
    return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}"

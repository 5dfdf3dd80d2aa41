"""A plan's text as numbered lines: what word processors leave in it is taken out, headings are known. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BOOKMARK = re.compile(r"\[bookmark:\s*([^\]]*)\]")
_BULLET = re.compile(r"^\s*(?:[·•●▪◦‣*○–—-]|o(?=\s))\s+")
#: "2. og 3. marts" and "24. April" are no numbers of a list.
_NUMBERED = re.compile(
    r"^\s*\d{1,2}[.)]\s+(?=[A-ZÆØÅ])(?!(?i:jan|feb|mar|apr|maj|jun|jul|aug|sep|okt|nov|dec|kvart|halv))"
)
_HEADING_NUMBER = re.compile(r"^\d{1,2}(?:\.\d{1,2}){0,3}\.?\s+(?=[A-ZÆØÅ])")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


@dataclass(frozen=True)
class Line:
    """One line of the source; `text` is cleaned, tabs and runs of spaces stay: they may part columns."""

    number: int
    text: str
    #: The bookmark that stands on it.
    anchor: str | None = None
    is_heading: bool = False

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()

    @property
    def words(self) -> str:
        """The text without bullet and number, with single spaces."""
        return plain(self.text)


def read_lines(text: str) -> list[Line]:
    """The lines of `text`, numbered from 1."""
    found = []
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        names = [name for name in _BOOKMARK.findall(raw) if not name.startswith("_Go")]
        cleaned = _INVISIBLE.sub("", _BOOKMARK.sub("", raw)).replace("\u00a0", " ").replace("\u202f", " ")
        cleaned = re.sub("[\x0b\x0c\x07]", " ", cleaned).rstrip(" ")
        found.append(Line(number, cleaned, names[0] if names else None))
    return [
        Line(line.number, line.text, line.anchor, _is_heading(found, index)) for index, line in enumerate(found)
    ]


def plain(text: str) -> str:
    """`text` without its bullet or list number, with single spaces."""
    return " ".join(_NUMBERED.sub("", _BULLET.sub("", text)).split())


def is_bullet(text: str) -> bool:
    """Whether the line is an item of a list."""
    return bool(_BULLET.match(text) or _NUMBERED.match(text))


def sections(lines: Sequence[Line]) -> list[str | None]:
    """For each line the section that it stands in: the bookmark of the heading, or its words."""
    here: str | None = None
    found = []
    for line in lines:
        if line.is_heading:
            here = (line.anchor or plain(line.text.strip("#= ")))[:60]
        found.append(here)
    return found


def _is_heading(lines: Sequence[Line], index: int) -> bool:
    """A heading has a bookmark, a #, a section number, underlining, or is all capitals."""
    line = lines[index]
    text = line.text.strip()
    if not text or len(text) > 90 or "\t" in line.text.strip(" ") or "|" in text:
        return False
    if line.anchor or text.startswith("#"):
        return True
    after = lines[index + 1].text.strip() if index + 1 < len(lines) else ""
    if re.fullmatch(r"[=\-~_]{3,}", after) and len(after) >= len(text) // 2:
        return True
    before_blank = index == 0 or lines[index - 1].is_blank
    if _HEADING_NUMBER.match(text) and before_blank and text[-1] not in ".,;:":
        return True
    letters = [letter for letter in text if letter.isalpha()]
    return before_blank and len(letters) > 5 and text == text.upper() and not re.search(r"\d{2}", text)

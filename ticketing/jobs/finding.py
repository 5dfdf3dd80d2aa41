"""What a check of `ticketing doctor` has to say."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`BAD`: something does not work. `WARN`: it works, but somebody should know."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True)
class Finding:
    """What a check found, with what to do about it, in Danish and English."""

    level: Level
    da: str
    en: str

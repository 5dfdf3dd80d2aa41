"""What is wrong in a municipality's two texts, in Danish with line and key. Pure but for the reading.

The checks say what they expect in English, as all configuration does; whoever edits the texts on a page reads
Danish.
"""

import re
from dataclasses import dataclass

from ticketing.clocks.config import ClockTexts, text_errors
from ticketing.configuration import ConfigurationError

CALENDARS, TARGETS = "calendars", "targets"


@dataclass(frozen=True)
class Fault:
    """What is wrong: in which text ("calendars" or "targets"), at which line (0: no one line) and key."""

    text: str
    line: int
    key: str
    danish: str

    def __str__(self) -> str:
        file = f"{self.text}.yaml"
        return f"{file}, linje {self.line}: {self.danish}" if self.line else f"{file}: {self.danish}"


def faults(texts: ClockTexts) -> list[Fault]:
    """Everything that is wrong in either text; empty when both can be used."""
    return [fault for error in text_errors(texts) for fault in faults_of(error)]


def faults_of(error: ConfigurationError) -> list[Fault]:
    """The faults that an error names."""
    return [Fault(error.file.stem, line, key, _sentence(key, said)) for line, key, said in error.problems]


def _sentence(key: str, said: str) -> str:
    danish = said
    for pattern, words in _WORDS.items():
        danish = re.sub(pattern, words, danish)
    if key == "(syntax)":
        return danish if danish != said else _UNREADABLE
    return danish if key == "(file)" else f"»{key}«: {danish}"


#: What the checks say, as a pattern, and what an editor reads.
_WORDS = {
    r'expected an opening such as "07:45-15:00", or a list of such': 'skriv en åbningstid som "07:45-15:00"',
    r'expected an opening such as "07:45-15:00", not (.+)': r'skriv en åbningstid som "07:45-15:00", ikke \1',
    r'expected a time such as "07:45".*, not (.+)': r'skriv et klokkeslæt som "07:45", højst "24:00", ikke \1',
    r'expected a time such as "15 min".*, not (.+)': r"skriv en tid som 15 min, 4 h eller 2 d, ikke \1",
    r"(\S+) has no length; .*": r"\1 varer ingen tid; hele døgnet er 00:00-24:00",
    r"the versions' dates \(valid_from\) .*": "datoerne i valid_from skal komme efter hinanden",
    r"the calendar never opens; .*": "kalenderen åbner aldrig; giv mindst én ugedag en åbningstid",
    r'expected month-day such as "12-24", not (.+)': r'skriv måned og dag som "12-24", ikke \1',
    r"expected the last date on or after .*": "sidste dag skal ligge efter den første, højst et år efter",
    r"expected a share above 0, at most 1": "skriv en andel over 0 og højst 1, for eksempel 0.75",
    r"expected a time zone such as Europe/Copenhagen": "skriv en tidszone som Europe/Copenhagen",
    r"expected a calendar that is open day and night": "kalenderen skal findes og være åben døgnet rundt",
    r"expected hours on the wall, such as 72 h": "skriv timer på uret, for eksempel 72 h",
    r"expected a short key such as skole": "skriv en kort nøgle som skole, med bogstaver og tal",
    r"expected this calendar, (.+) follows it": r"kalenderen skal blive: \1 følger den",
    r"expected one of (.+)": r"skriv en af disse: \1",
    r"Must be one of: (.+)\.": r"skriv en af disse: \1",
    r"no row fits (.+); .*": r"ingen linje passer på \1; slut listen med linjer for alle",
    r"Missing data for required field\.": "mangler",
    r"Unknown field\.": "kendes ikke; er det stavet rigtigt?",
    r"Not a valid date\.": "skriv en dato som 2027-08-01",
    r"Not a valid boolean\.": "skriv yes eller no",
    r"Not a valid (number|integer)\.": "skriv et tal",
    r"Not a valid (string|list|mapping type)\.": "står på en anden måde, end det skal",
    r"Invalid (input )?type\.": "står på en anden måde, end det skal",
    r"Field may not be null\.": "mangler en værdi",
    r"Shorter than minimum length 1\.": "mangler",
    r"Must be greater than or equal to (\S+) and less than or equal to (\d+)\.": r"skal ligge mellem \1 og \2",
    r"the key (.+) stands twice": r"nøglen \1 står to gange",
}
_UNREADABLE = "linjen kan ikke læses; se på indrykning, kolon og citationstegn her og lige over"

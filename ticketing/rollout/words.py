"""What the words of a plan mean: roles, sectors, categories, lengths of courses, numbers. Pure.

The lists hold words of the field, not of any one document; the first that fits wins.
"""

import re
from collections.abc import Iterable

from ticketing.vocabulary import ActivityCategory, Role, Sector

_ADMINISTRATIVE = r"administrati(?:v|on)\w*|sekretær\w*|kontor(?:et|personale\w*|assistent\w*)|\bTAP\b"
_SUPERUSER = r"super-?\s?bruger\w*|ambassadør\w*|nøgleperson\w*|tovholder\w*|instruktør\w*|ressourceperson\w*"
_IT = r"servicedesk|service\s?desk|it-?support\w*|it-?afdeling\w*|digitalisering\s*(?:&|og)\s*it|it\s*(?:&|og)\s*digitalisering|d&it|it-?medarbejder\w*|it-?tekniker\w*|it-?folk\w*|it-?konsulent\w*|helpdesk"  # noqa: E501
_ROLES: tuple[tuple[Role, str], ...] = (
    (Role.DIGITAL_CHILDMINDER, r"digital\w*\s+dagplejer\w*"),
    (Role.ADMIN_SUPERUSER, rf"(?:{_ADMINISTRATIVE})[^.;:]{{0,30}}(?:{_SUPERUSER})"),
    (Role.ADMIN_SUPERUSER, rf"(?:{_SUPERUSER})[^.;:]{{0,40}}\b(?:{_ADMINISTRATIVE})"),
    (Role.ADMIN_SUPERUSER, rf"overordne\w*\s+(?:{_SUPERUSER})"),
    (
        Role.INSTITUTION_ADMIN,
        r"institutions-?administrator\w*|administrator\w*\s+(?:i|for|på)\s+(?:de\s+enkelte|hver)\w*|lokal\w*\s+administrator\w*",
    ),
    (Role.MUNICIPAL_ADMIN, r"administrator\w*|system-?ansvarlig\w*|systemejer\w*"),
    (Role.SUPERUSER, _SUPERUSER),
    (Role.IT_SERVICEDESK, rf"tekniker\w*|teknisk\w*\s+(?:medarbejder|personale|bruger)\w*|(?:{_IT})"),
    (Role.INSTITUTION_ADMIN, r"pædagogisk\w*\s+leder\w*"),
    (
        Role.SCHOOL_ADMIN_STAFF,
        rf"(?:personale\w*|medarbejder\w*)\s+med\s+administrati\w+|(?:{_ADMINISTRATIVE})",
    ),
    (Role.LEADER, r"\w*leder(?:e|ne|nes|en|ens|s)?\b|ledelse\w*|ledergruppe\w*|lederteam\w*"),
    (
        Role.EMPLOYEE,
        r"medarbejder\w*|\w*personale\w*|lærer\w*|pædagog(?:er|erne|ernes)?\b|kolleg\w+|dagplejer\w*|ansatte|medhjælper\w*",
    ),
)
_SECTORS: tuple[tuple[Sector, str], ...] = (
    (Sector.DAGPLEJE, r"dagpleje\w*|legestue\w*"),
    (
        Sector.DAGTILBUD,
        r"dagtilbud\w*|dag-?institution\w*|børnehave\w*|vuggestue\w*|børnehus\w*|institutions-?administrator\w*|pædagogisk\w*\s+leder\w*",
    ),
    (
        Sector.SKOLE,
        r"\bskole\w*|\w*skole(?:r|rne|rnes|ns|n|s)?\b|lærer\w*|\bSFO\w*|\belev\w*|årgang\w*|skoleintra",
    ),
    (Sector.IT, _IT),
)
_FAMILIES = r"forældre\w*|\belev(?:er|erne|ernes)?\b|hjemmene|familie\w*|værge\w*"
_INFORM = r"inform\w+|orienter\w*|brev\w*|invit\w+|besked\s+til|nyhedsbrev\w*|kommunik\w+|understøtt\w*|hjælp\w*|støtte\w*|vejled\w*|møde\w*"  # noqa: E501 - one alternative
_COURSE = r"uddann\w*|kurs(?:us|er|et|erne|usset)?\w*|undervis\w*|oplær\w*|workshop\w*|skypemøde\w*|webinar\w*|temadag\w*|introduktion\w*|oplæring\w*|træning\w*|e-?læring\w*"  # noqa: E501 - one alternative
_SETUP = r"opsæt\w*|sættes\s+op|konfigur\w*|oprydning\w*|migrer\w*|\w*migrering\w*|datavask\w*|stamdata\w*|rettighed\w*|brugeropret\w*|klargør\w*|indstilling\w*|infrastruktur\w*|netværk\w*|widget\w*|tabulex\w*"  # noqa: E501 - one alternative
_GO_LIVE = r"go-?\s?live\w*|ibrugtag\w*|tages?\s+i\s+brug|idriftsæt\w*|i\s+drift\b|lancer\w*|åbn(?:er|ing|es)\b|premiere\w*|opstart\s+af\s+aula|overgang\s+til\s+aula|i\s+luften"  # noqa: E501 - one alternative
_PHASE = r"^\W*(?:fase\b|\w*(?:implementerings|udrulnings|projekt)(?:periode|fase))"
_NUMBER_WORDS = {
    "en": 1, "én": 1, "et": 1, "ét": 1, "to": 2, "tre": 3, "fire": 4, "fem": 5, "seks": 6, "syv": 7, "otte": 8,
    "ni": 9, "ti": 10, "elleve": 11, "tolv": 12,
}  # fmt: skip
_NUMBER = rf"(?:\d+(?:[.,]\d+)?½?|½|{'|'.join(_NUMBER_WORDS)})"
_LENGTH = re.compile(
    rf"(?<![\w.,/])(?P<count>{_NUMBER}(?:\s*(?:[-\u2010-\u2015]|til|x|×)\s*{_NUMBER})?)\s*(?:[-\u2010-\u2015]\s*)?"
    r"(?P<hele>hele?\s+|halv\w*\s+)?(?P<unit>timers?|time|dages?|dags\w*|dag\b|kursusdage?|minutter|min\.|lektioner)",
    re.IGNORECASE,
)
_DAY_LONG = re.compile(
    r"\b(?P<half>halv)?(?:heldag|dags?kursus|dagskurs|hel\s+dag|(?<=halv)dag|halv\s+dag)\w*", re.IGNORECASE
)
HOURS_A_DAY = 7
#: Said of a date that is not there yet.
UNDATED = re.compile(
    r"\b(?:aftales|fastlægges|følger|afventer|senere|endnu\s+ikke|ikke\s+(?:fast|plan|beslut|aftal)\w+|ukendt|tbd|tba|"
    r"planlægges|meldes\s+ud|uafklaret|afklares|koordineres|dato\s+(?:mangler|udestår)|udestår)\b|^\W*(?:\?+|[-–—]+|n\.?a\.?)\W*$",
    re.IGNORECASE,
)


def role_in(text: str) -> Role | None:
    """The role that `text` is about: the first that it names, taken as narrowly as it stands."""
    places = [
        (found.start(), order, role)
        for order, (role, pattern) in enumerate(_ROLES)
        if (found := re.search(pattern, text, re.IGNORECASE)) is not None
    ]
    return min(places)[2] if places else None


def roles_in(text: str) -> frozenset[Role]:
    """Every role that a list such as "superbrugere og ledere" names, each taken as narrowly as it stands."""
    pieces = re.split(r"\s*(?:,|;|/|\bog\b|\bsamt\b|\+|\n)\s*", text)
    return frozenset(role for role in (role_in(piece) for piece in pieces) if role is not None)


def sectors_in(text: str) -> tuple[Sector, ...]:
    """The sectors that `text` names, in the order of their first words; IT only where no other is."""
    places = {
        sector: found.start()
        for sector, pattern in _SECTORS
        if (found := re.search(pattern, text, re.IGNORECASE)) is not None
    }
    return tuple(sorted(places, key=lambda sector: (sector is Sector.IT, places[sector])))


def category_of(text: str, context: str = "") -> ActivityCategory | None:
    """What part of the plan `text` belongs to; `context` (the table's heading) decides where it doesn't say."""
    for words in (text, context):
        informs = re.search(_FAMILIES, words, re.IGNORECASE) and re.search(_INFORM, words, re.IGNORECASE)
        if re.search(_PHASE, words, re.IGNORECASE) and words is text:
            return ActivityCategory.PHASE
        if re.search(_GO_LIVE, words, re.IGNORECASE) and not informs:
            return ActivityCategory.GO_LIVE
        if informs:
            return ActivityCategory.FAMILIES
        if re.search(_COURSE, words, re.IGNORECASE):
            return ActivityCategory.TRAINING
        if re.search(_SETUP, words, re.IGNORECASE):
            return ActivityCategory.SETUP
        if re.search(_FAMILIES, words, re.IGNORECASE):
            return ActivityCategory.FAMILIES
    return None


def is_course(text: str) -> bool:
    """Whether `text` speaks of training."""
    return re.search(_COURSE, text, re.IGNORECASE) is not None


def length_in(text: str) -> tuple[str, float, tuple[int, int]] | None:
    """How long a course is: the words in short ("3-6 timer", "2 dage"), in hours (a day is 7, a range its
    longest), and where they stand."""
    found = _LENGTH.search(text)
    if found:
        count, unit = found["count"].strip(), found["unit"].lower()
        low_high = [_number(part) for part in re.split(r"\s*(?:[-\u2010-\u2015]|til|x|×)\s*", count) if part]
        hours = low_high[0] * low_high[-1] if "x" in count.lower() or "×" in count else low_high[-1]
        half = (found["hele"] or "").lower().startswith("halv")
        times = re.search(r"[x×]", count) is not None
        shown = (" × " if times else "-").join(_shown(number) for number in low_high)
        if unit.startswith(("dag", "kursusdag")):
            return (
                f"{shown} {'dag' if low_high[-1] <= 1 else 'dage'}",
                hours * HOURS_A_DAY * (0.5 if half else 1),
                found.span(),
            )
        if unit.startswith("min"):
            return f"{shown} minutter", hours / 60, found.span()
        if unit.startswith("lek"):
            return f"{shown} lektioner", hours * 0.75, found.span()
        return f"{shown} {'time' if low_high[-1] <= 1 else 'timer'}", hours, found.span()
    found = _DAY_LONG.search(text)
    if found:
        half_day = "halv" in found[0].lower()
        return "½ dag" if half_day else "1 dag", HOURS_A_DAY / 2 if half_day else HOURS_A_DAY, found.span()
    return None


def number_in(text: str) -> int | None:
    """A whole number written with digits or as a word; None for anything else."""
    text = text.strip().lower()
    if text.isdigit():
        return int(text)
    return _NUMBER_WORDS.get(text)


def any_of(words: Iterable[str], text: str) -> bool:
    """Whether one of the patterns is in `text`, whatever its case."""
    return any(re.search(word, text, re.IGNORECASE) for word in words)


def _number(text: str) -> float:
    text = text.strip().lower()
    if text in _NUMBER_WORDS:
        return _NUMBER_WORDS[text]
    if text.endswith("½"):
        return float(text[:-1].replace(",", ".") or 0) + 0.5
    return float(text.replace(",", "."))


def _shown(number: float) -> str:
    return "½" if number == 0.5 else f"{number:g}".replace(".", ",")

"""Where a letter's signature begins, in Danish and English mail. Pure."""

import re

#: More than this below a greeting is no signature but the rest of the letter.
_LINES = 25
_LONG_LINE = 100
_DELIMITER = re.compile(r"^(?:--|—|_{3,19}|-{3,19})\s*$")
_DEVICES = (
    r"(?:iphone|ipad|outlook|samsung|android|huawei|oneplus|mobil|telefon|tablet|galaxy|mail (?:til|for)|phone"
    r"|yahoo|gmail|proton|icloud|windows|bluemail|spark)"
)
_DEVICE = re.compile(
    rf"^\W{{0,5}}(?:(?:sendt|skrevet|sent|written) (?:fra|via|med|from|with|on) (?:min |mit |my )?{_DEVICES}"
    rf"|(?:hent outlook (?:til|for)|get outlook for)\b|(?:fra|from) (?:min|my) {_DEVICES})[^\n]{{0,120}}$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\W{0,3}(?:(?:med )?(?:de )?(?:mange )?(?:venlig(?:st|e)? |kærlige? |bedste |varme? |gode? |sommer|jule)?"
    r"(?:hilsen|hilsner|hilsener)|m\.? ?v\.? ?h|v\.?h|k\.?h|d\.?b\.?h|knus"
    r"|(?:with )?(?:best |kindest |kind |warm |many )?(?:regards|wishes)|all the best|best(?=,?$)|cheers"
    r"|(?:yours )?(?:sincerely|faithfully|truly))(?!\w)[.,!:;\s]{0,5}",
    re.IGNORECASE,
)
#: Thanks end a letter too, when nothing but a name follows.
_THANKS = re.compile(
    r"\W{0,3}(?:(?:mange )?tak(?: på forhånd)?|på forhånd (?:mange )?tak|(?:many )?thanks(?: in advance)?"
    r"|thank you)[.,!\s]{0,3}$",
    re.IGNORECASE,
)
#: Words beside names that stand on a greeting's line: "Hilsen fra mor til Bo".
_SMALL_WORDS = frozenset(
    {*("fra", "from", "mor", "far", "til", "og", "and", "alle", "jer", "på", "vegne", "af", "familien", "din")}
    | {
        *(
            "dit",
            "forældre",
            "forældrene",
            "os",
            "mig",
            "undertegnede",
            "tak",
            "på",
            "forhånd",
            "i",
            "the",
            "of",
        )
    }
)
#: What shows that long lines are somebody's card or a disclaimer.
_CONTACT = re.compile(
    r"@|https?:|www\.|\b(?:tlf|telefon|mobil|direkte|phone|cvr|ean)\b|\+?\d[\d ]{6,30}\d", re.IGNORECASE
)
_WRITES_ON = re.compile(r"\?|^\W{0,3}p\.? ?s\b", re.IGNORECASE)


def signature_starts(lines: list[str]) -> int:
    """The index of the line at which the signature of `lines` begins; their number when there is none. What
    is above is never empty: a mail that is nothing but a greeting is shown whole."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    for at in range(first + 1, len(lines)):
        line = lines[at].strip()
        is_start = bool(_DELIMITER.match(line) or _DEVICE.match(line)) or _is_closing(line)
        if is_start and _is_signature(lines[at + 1 :]):
            return at
        if _THANKS.match(line) and _is_name_alone(lines[at + 1 :]):
            return at
    return len(lines)


def _is_name_alone(below: list[str]) -> bool:
    written = [line.strip() for line in below if line.strip()]
    return 1 <= len(written) <= 2 and all(len(line) <= 40 and _is_names(line) for line in written)


def _is_closing(line: str) -> bool:
    found = _CLOSING.match(line)
    if found is None or len(line) > _LONG_LINE:
        return False
    return _is_names(line[found.end() :])


def _is_names(text: str) -> bool:
    words = re.findall(r"[\w.]+", text)
    return all(word[0].isupper() or word[0].isdigit() or word in _SMALL_WORDS for word in words)


def _is_signature(below: list[str]) -> bool:
    """Whether what stands below a greeting is a name and where to find it, and not more of the letter."""
    if len(below) > 4 * _LINES:
        return False
    written = [line.strip() for line in below if line.strip()]
    if len(written) > _LINES or any(_WRITES_ON.search(line) for line in written):
        return False
    return all(len(line) <= _LONG_LINE for line in written) or any(_CONTACT.search(line) for line in written)

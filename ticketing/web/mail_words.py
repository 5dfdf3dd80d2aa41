"""Why a mail became no question, in a reader's language. Pure.

The reasons are kept in English, with the header or the standard that gave the mail away, so that the command
line and the logs say one thing; here each is said in plain words with that detail behind it.
"""

import re
from collections.abc import Callable

from flask_babel import gettext as _


def mail_reason(reason: str) -> str:
    """The kept `reason` as the page says it; one that isn't known, and a person's own, as it stands."""
    for pattern, words in _REASONS:
        found = pattern.fullmatch(reason)
        if found:
            detail = found.groupdict().get("detail")
            return f"{words()} ({detail})" if detail else words()
    return reason


def header_word(name: str) -> str:
    """What a header is called in a mail program; one that none shows by its own name."""
    return {
        "From": _("Fra"),
        "To": _("Til"),
        "Cc": _("Kopi"),
        "Date": _("Dato"),
        "Subject": _("Emne"),
        "Reply-To": _("Svar til"),
    }.get(name, name)


def _known(pattern: str, words: Callable[[], str]) -> tuple[re.Pattern[str], Callable[[], str]]:
    return re.compile(pattern), words


_REASONS = (
    _known("there is nothing in it", lambda: _("Der er intet i den")),
    _known("it has no header line", lambda: _("Det er ikke en mail: den har ingen hoveder")),
    _known(r"it could not be read \((?P<detail>.+)\)", lambda: _("Den kunne ikke læses")),
    _known(r"it could not be handled \((?P<detail>.+)\)", lambda: _("Den kunne ikke behandles")),
    _known("we are in copy of a talk of others", lambda: _("Andres samtale, hvor vi kun er sat på kopi")),
    _known("our own mail came back", lambda: _("Vores egen mail kom tilbage")),
    _known("the subject is that of an automatic reply", lambda: _("Emnet viser, at det er et automatisk svar")),
    _known("a calendar reply", lambda: _("Svar på en mødeindkaldelse")),
    _known(r"a read receipt(?: \((?P<detail>.+)\))?", lambda: _("Kvittering for, at en mail er læst")),
    _known(
        r"a delivery report(?: \(RFC 3464\))?(?:: (?P<detail>.+))?",
        lambda: _("Besked om, hvordan vores mail kom frem"),
    ),
    _known("an empty Return-Path", lambda: _("Sendt af en mailserver (tom Return-Path)")),
    _known("X-Failed-Recipients(?:: (?P<detail>.+))?", lambda: _("Besked om, at en mail ikke kom frem")),
    _known(r"sent by (?P<detail>[\w.-]+)", lambda: _("Sendt af en mailserver")),
    _known(r"(?P<detail>(?:Auto-Submitted|X-Auto\w*|X-Auto-\w+).*)", lambda: _("Sendt automatisk")),
    _known(r"(?P<detail>(?:Precedence|List-\w+|Mailing-List).*)", lambda: _("Udsendt til en liste")),
)

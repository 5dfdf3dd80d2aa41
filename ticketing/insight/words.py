"""Words as the search sees them: Danish stems, CPR numbers masked. Pure.

PostgreSQL stems by its own `danish` configuration; SQLite calls `index_words` from its triggers. A question
is stemmed here for SQLite, and by PostgreSQL itself there.
"""

import re
from functools import lru_cache

from snowballstemmer import stemmer

from ticketing.privacy.cpr import mask

#: What is looked at of a question; more words than that only narrow it to nothing.
MOST_WORDS = 8
#: A shorter word is sought as it stands: "i" as a beginning would be found everywhere.
SHORTEST_BEGINNING = 3

_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"^\s*(?:a-?)?(\d{1,9})\s*$", re.IGNORECASE)


def words(text: str) -> list[str]:
    """The words of `text` in lower case, in their order."""
    return _WORD.findall(text.lower())


def asked_words(text: str) -> tuple[str, ...]:
    """The words of a question, each once, at most `MOST_WORDS`; a CPR number in it is not asked for."""
    return tuple(dict.fromkeys(words(mask(text)[0])))[:MOST_WORDS]


def asked_number(text: str) -> int | None:
    """The ticket number that the whole of `text` is: "A-4312" and "4312" give 4312."""
    found = _NUMBER.match(text)
    return int(found[1]) if found else None


def index_words(text: str | None) -> str:
    """What the index keeps of `text`: its words' stems, apart by spaces."""
    return " ".join(stem(word) for word in words(mask(text)[0])) if text else ""


def plain_words(text: str | None) -> str:
    """What the index keeps of a name: its words as they stand."""
    return " ".join(words(text)) if text else ""


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The Danish stem of a word in lower case: "beskederne" gives "besked"."""
    return str(_danish.stemWord(word))


def is_meant(asked: str, word: str) -> bool:
    """Whether `word` of a text is a hit for the word `asked`."""
    return stem(word) == stem(asked) or (len(asked) >= SHORTEST_BEGINNING and word.startswith(stem(asked)))


_danish = stemmer("danish")

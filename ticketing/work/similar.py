"""Which questions are about the same thing, however they are worded. Pure; no service outside is asked.

1. A text becomes the Danish stems of its words; words that say nothing (`STOP_WORDS`) are left out.
2. A word that nobody else writes, one slip of the finger from a word that many write, counts as that word.
3. Rare words weigh more than common ones (inverse document frequency within the set that is compared).
4. A question joins the group whose first question it is most like, when the cosine of the two is at least
   `ALIKE`; otherwise it begins a group. Older questions come first, so the same set gives the same groups.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA
from snowballstemmer import stemmer

#: Chosen on the paraphrases in tests/work/test_similar.py.
ALIKE = 0.42
#: The longest part of a text that is looked at: a question says what it is about at its beginning.
LOOKED_AT = 1_000
#: How much a word of the title weighs beside one of the text, and the category beside a word.
_TITLE, _TEXT, _CATEGORY = 2.0, 1.0, 1.0
_RAREST, _FIGURE, _A_SET = 2.0, 0.5, 100
_SHORTEST_WITH_SLIP = 5

_WORD = re.compile(r"[^\W_]+")
_SAYS_NOTHING = """
    ad af alle alt altid am at bare begge blev bliver da de dem den denne der deres det dette dig din dine disse
    dit dog du efter eller en end endnu er et fik for fordi fra få får før gerne godt gør ham han har havde have
    hej hen hendes her hilsen hos hun hvad hvem hver hvis hvor hvordan hvorfor i igen ikke ind ingen ja jeg jer
    jo kan kom kommer kun kunne kære lige længere lidt man mange med meget men mig min mine mit mvh må ned nej
    nogen noget nogle nu når og også om op os over pga på selv senere ser sig sin sine sit skal skulle som så
    tak til tror ud under var ved venlig vh vi vil ville vores være været aula hjælp problem spørgsmål sag
    the a an and are can cannot do does for from have i in is it me my not of on or our the to we with you
    hello hi please thanks
"""
STOP_WORDS = frozenset(_SAYS_NOTHING.split())


@dataclass(frozen=True)
class Question:
    """What is compared. `place` is whatever must differ for a question to count as asked elsewhere too."""

    id: int
    place: int
    title: str
    text: str
    category: str = ""


def stems(text: str) -> list[str]:
    """The stems of the words of `text` that say something, in their order."""
    return [_stem(word) for word in _WORD.findall(text[:LOOKED_AT].lower()) if word not in STOP_WORDS]


def groups(questions: Sequence[Question], alike: float = ALIKE) -> list[list[Question]]:
    """The questions in groups about the same thing, the largest group first; every question is in one."""
    vectors = _vectors(questions)
    firsts: list[int] = []
    with_word: dict[str, list[int]] = defaultdict(list)
    members: dict[int, list[Question]] = {}
    for place, question in enumerate(questions):
        vector = vectors[place]
        best = _most_like(vector, with_word, vectors)
        if best is not None and best[0] >= alike:
            members[best[1]].append(question)
            continue
        firsts.append(place)
        members[place] = [question]
        for word in vector:
            with_word[word].append(place)
    return sorted((members[first] for first in firsts), key=len, reverse=True)


def likeness(one: Question, other: Question, among: Sequence[Question] = ()) -> float:
    """How alike two questions are, 0 to 1; `among` says how common each word is."""
    vectors = _vectors([one, other, *among])
    return _cosine(vectors[0], vectors[1])


def _vectors(questions: Sequence[Question]) -> list[dict[str, float]]:
    counted = [_weighted_stems(question) for question in questions]
    common = Counter(word for words in counted for word in words)
    slips = _slips(common)
    counted = [_put_right(words, slips) for words in counted]
    common = Counter(word for words in counted for word in words)
    rarity = {word: _rarity(word, times, len(questions)) for word, times in common.items()}
    return [_unit_length({word: weight * rarity[word] for word, weight in words.items()}) for words in counted]


def _rarity(word: str, times: int, among: int) -> float:
    """1 for a word that all write to `_RAREST` for one that a single question has. A figure says less than a
    word: in an outage everyone writes another time of day. A few questions
    say little of how common a word is."""
    among = max(among, _A_SET)
    rare = 1 + (_RAREST - 1) * math.log(among / times) / math.log(among)
    return rare * _FIGURE if word.isdecimal() else rare


def _weighted_stems(question: Question) -> dict[str, float]:
    words: dict[str, float] = {}
    for weight, text in ((_TEXT, question.text), (_TITLE, question.title)):
        words |= dict.fromkeys(stems(text), weight)
    if question.category:
        words[f"category {question.category}"] = _CATEGORY
    return words


def _slips(common: Mapping[str, int]) -> dict[str, str]:
    """Each word that stands once → the word of several questions that it is one slip from."""
    usual: dict[str, list[str]] = defaultdict(list)
    for word, times in common.items():
        if times > 1 and len(word) >= _SHORTEST_WITH_SLIP and " " not in word:
            usual[word[0]].append(word)
    found = {}
    for word, times in common.items():
        if times == 1 and len(word) >= _SHORTEST_WITH_SLIP and word.isalpha():
            near = [other for other in usual[word[0]] if OSA.distance(word, other, score_cutoff=1) == 1]
            if near:
                found[word] = max(near, key=lambda other: (common[other], other))
    return found


def _put_right(words: Mapping[str, float], slips: Mapping[str, str]) -> dict[str, float]:
    right: dict[str, float] = {}
    for word, weight in words.items():
        meant = slips.get(word, word)
        right[meant] = max(weight, right.get(meant, 0.0))
    return right


def _unit_length(words: Mapping[str, float]) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in words.values()))
    return {word: weight / length for word, weight in words.items()} if length else {}


def _most_like(
    vector: Mapping[str, float], with_word: Mapping[str, Iterable[int]], vectors: Sequence[Mapping[str, float]]
) -> tuple[float, int] | None:
    scores: dict[int, float] = defaultdict(float)
    for word, weight in vector.items():
        for place in with_word.get(word, ()):
            scores[place] += weight * vectors[place][word]
    return max(((score, place) for place, score in scores.items()), default=None, key=lambda s: (s[0], -s[1]))


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    return sum(weight * other[word] for word, weight in one.items() if word in other)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    return str(_danish.stemWord(word))


_danish = stemmer("danish")

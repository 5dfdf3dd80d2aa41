"""Answer cards: ready answers from config/cards.yaml, and which of them fit a question. `matching` is pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from ticketing.configuration import load_file

#: The endings of Danish nouns, verbs and adjectives, longest first.
_ENDINGS = ("erne", "ene", "ens", "ers", "er", "en", "et", "es", "e", "r", "s", "t")
_WORD = re.compile(r"[a-zæøåé0-9]+(?:-[a-zæøåé0-9]+)*")
_SHORTEST_STEM = 3
_SHORTEST_IN_COMPOUND = 4
#: A card of the chosen category is shown even before a word fits; two words say more than a category.
_CATEGORY_POINTS = 2


@dataclass(frozen=True)
class Card:
    """A ready answer that an employee can read out: `text` for all of it, `steps` one at a time."""

    key: str
    title: str
    categories: frozenset[str]
    stems: frozenset[str]
    text: str
    steps: tuple[str, ...]


class CardSchema(Schema):
    """One card as the file has it."""

    key = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9-]+$"))
    title = fields.String(required=True, validate=validate.Length(1, 80))
    categories = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    words = fields.List(fields.String(), required=True, validate=validate.Length(min=1))
    text = fields.String(required=True)
    steps = fields.List(fields.String(), load_default=list)

    @post_load
    def _make(self, data: dict[str, Any], **_options: Any) -> Card:
        return Card(
            key=data["key"],
            title=data["title"],
            categories=frozenset(data["categories"]),
            stems=frozenset(stem for word in data["words"] for stem in stems(word)),
            text=data["text"],
            steps=tuple(data["steps"]),
        )


class CardsSchema(Schema):
    """The whole file."""

    cards = fields.List(fields.Nested(CardSchema), required=True)


def load_cards(path: Path) -> tuple[Card, ...]:
    """The cards of the file `path`. Raises `ConfigurationError`."""
    return tuple(load_file(path, CardsSchema())["cards"])


def matching(cards: Sequence[Card], category: str | None, text: str, limit: int = 3) -> list[Card]:
    """The at most `limit` cards that fit best: the chosen category first, then words in common.

    Once words are typed that fit some card, cards of the category that share no word make room. With
    neither category nor words that fit, there is no card: a wrong answer is worse than none.
    """
    typed = stems(text)
    scored = []
    for place, card in enumerate(cards):
        shared = sum(_occurs(stem, typed) for stem in card.stems)
        in_category = category in card.categories
        if in_category or shared >= (1 if not category else 2):
            scored.append((-(shared + _CATEGORY_POINTS * in_category), place, shared, card))
    scored.sort(key=lambda entry: entry[:2])
    if any(shared for _points, _place, shared, _card in scored):
        scored = [entry for entry in scored if entry[2]]
    return [card for _points, _place, _shared, card in scored[:limit]]


def stems(text: str) -> frozenset[str]:
    """The words of `text` without their endings: "Beskederne" and "besked" are the same."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def _occurs(stem: str, typed: frozenset[str]) -> bool:
    """Danish writes compounds in one word: "kode" is also found in "adgangskode"."""
    if stem in typed:
        return True
    return len(stem) >= _SHORTEST_IN_COMPOUND and any(word.endswith(stem) for word in typed)

"""Answer cards that fit come up while one types, and no others."""

import pytest

from ticketing.configuration import ConfigurationError
from ticketing.knowledge.cards import load_cards, matching
from ticketing.settings import shipped

CARDS = load_cards(shipped("config") / "cards.yaml")


@pytest.mark.parametrize(
    ("category", "text", "first"),
    [
        ("LOGIN", "Far taster brugernavn til UNI-login og får ingen adgang", "mitid"),
        ("LOGIN", "Elev i 4.a har glemt sin adgangskode", "elevkode"),
        ("BESKED", "Hvor er mine sendte beskeder?", "beskedtraade"),
        ("APP", "Appen findes ikke, mor er i Frankrig", "app-findes-ikke"),
        (None, "Kan kontoret sætte flueben ved samtykket", "samtykke"),
        ("NOTIF", "40 notifikationer om dagen", "notifikationer"),
    ],
)
def test_the_card_that_answers_the_question_stands_first(category: str | None, text: str, first: str) -> None:
    assert matching(CARDS, category, text)[0].key == first


def test_a_category_alone_shows_its_cards() -> None:
    found = matching(CARDS, "LOGIN", "")
    assert 1 <= len(found) <= 3
    assert all("LOGIN" in card.categories for card in found)


def test_no_card_is_better_than_a_wrong_one() -> None:
    assert matching(CARDS, None, "") == []
    assert matching(CARDS, "ANDET", "taget på cykelskuret") == []


def test_inflected_and_compound_words_are_found() -> None:
    assert matching(CARDS, None, "klassebillederne")[0].key == "samtykke"


def test_a_card_without_words_stops_the_start_and_names_its_line(tmp_path) -> None:
    file = tmp_path / "cards.yaml"
    file.write_text("cards:\n  - key: x\n    title: X\n    categories: [A]\n    text: t\n")
    with pytest.raises(ConfigurationError) as caught:
        load_cards(file)
    assert caught.value.problems[0][1].endswith("words")

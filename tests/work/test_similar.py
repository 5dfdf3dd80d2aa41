"""The same question in other words is found; another question about the same system is not taken for it."""

import pytest

from ticketing.work.similar import Question, groups, stems

#: Each line is one matter, worded by different people.
SAME = [
    [
        ("Skemaet er tomt i uge 35", "Hele 6. årgang kan ikke se skemaet for uge 35."),
        ("Tomt skema", "Vi mangler skemaet i uge 35 for 4.a. Der står ingenting."),
        ("Skema i uge 35 vises ikke", "Mit barns skema er tomt i den uge"),
        ("skemat er tomt", "Der er intet skema for uge 35"),
    ],
    [
        ("MeeBook-ugeplan er blank i Aula", "Hele skolen, siden i går er ugeplanen fra MeeBook blank."),
        ("Ugeplanen er blank", "Ugeplaner fra Meebook er helt blanke, når jeg åbner dem"),
        ("Meebook viser ingen ugeplan", "Ugeplanen er blank i dag"),
    ],
    [
        ("Komme/gå-skærmen er sort", "Garderobens skærm til komme/gå er sort fra morgenstunden."),
        ("Sort skærm i garderoben", "Komme/gå skærmen er sort og vi kan ikke krydse børn ind"),
        ("Skærmen til komme og gå er gået i sort", "Skærmen i garderoben er sort"),
    ],
    [
        ("Klassebillede kan ikke deles", "Mangler samtykke fra tre hjem til at dele klassebilledet."),
        ("Vi må ikke dele billede", "Samtykke mangler fra nogle hjem, så klassens billede kan ikke deles"),
    ],
]
APART = [
    ("Mit UNI-login virker ikke mere", "Får ingen adgang med brugernavn og kode."),
    ("40 notifikationer om dagen", "Slået alt fra, men får stadig mails."),
    ("App findes ikke", "Er i Frankrig og kan ikke finde appen i butikken."),
    ("Ny lærer kan ikke se 5.b", "Startede mandag og mangler gruppen."),
    ("Forældrerådsgruppen er tom", "Efter sommerferien er gruppen uden medlemmer."),
    ("Hvor er mine sendte beskeder?", "Leder efter en mappe med sendt post."),
]


def _asked() -> list[tuple[str, Question]]:
    asked = []
    for matter, wordings in enumerate([*SAME, *([one] for one in APART)]):
        for title, text in wordings:
            asked.append((f"matter {matter}", Question(len(asked), len(asked), title, text)))
    return asked


def test_each_matter_is_one_group_and_no_group_holds_two_matters() -> None:
    asked = _asked()
    matter_of = {question.id: matter for matter, question in asked}
    found = [{matter_of[question.id] for question in group} for group in groups([q for _, q in asked])]
    assert all(len(matters) == 1 for matters in found)
    assert len(found) == len(SAME) + len(APART)


def test_the_order_of_what_is_between_changes_no_group() -> None:
    asked = [question for _, question in _asked()]
    forwards = {frozenset(q.id for q in group) for group in groups(asked)}
    backwards = {frozenset(q.id for q in group) for group in groups(asked[::-1])}
    assert forwards == backwards


def test_two_hundred_mails_of_an_outage_are_one_group_among_other_questions() -> None:
    outage = [
        Question(number, number, "Aula er nede", f"Vi kan ikke logge på. Fejl {number} siden kl. {number % 24}")
        for number in range(200)
    ]
    others = [question for _, question in _asked()]
    apart = [Question(1000 + q.id, q.place, q.title, q.text) for q in others]
    largest = groups([*outage, *apart])[0]
    assert {question.id for question in largest} == set(range(200))


@pytest.mark.parametrize("text", ["", "   ", "og det er så", "🙂🙂", "x" * 100_000])
def test_a_text_that_says_nothing_is_like_no_other(text: str) -> None:
    nothing = [Question(1, 1, text, ""), Question(2, 2, "Skemaet er tomt", "")]
    assert sorted(len(group) for group in groups(nothing)) == [1, 1]


def test_endings_of_a_word_make_no_difference() -> None:
    assert stems("Beskederne") == stems("besked") == stems("beskeder")

"""Find anything: what a search finds, in Danish, on both engines, and for whom."""

from collections.abc import Callable
from random import Random

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.accounts.test_who_sees_what import STEPS, in_random_organisations, random_world
from tests.factories import NOW, EventFactory, SmallMunicipality, WorkItemFactory, small_municipality
from tests.statements import statements
from ticketing.accounts.queries import item_access, load_viewer
from ticketing.accounts.rules import Access
from ticketing.database import db
from ticketing.insight import search_index
from ticketing.insight.search import Filters, search, search_people
from ticketing.vocabulary import Lane, PersonId, Rung, State
from ticketing.work.models import Message, WorkItem


@pytest.fixture
def town(session) -> SmallMunicipality:
    return small_municipality()


def write(item: WorkItem, body: str, *, public: bool = False) -> None:
    event = EventFactory(item=item)
    db.session.add(
        Message(
            municipality_id=item.municipality_id,
            item_id=item.id,
            event_id=event.id,
            at=NOW,
            author_kind="person",
            is_public=public,
            body=body,
        )
    )
    db.session.flush()


def numbers(person, question: str, filters: Filters | None = None) -> set[int]:
    found = search(load_viewer(person.id, NOW), question, filters or Filters(), NOW)
    return {hit.item.number for hit in found.hits}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("besked", "Beskederne kommer ikke frem"),
        ("beskeder", "En besked kom ikke frem"),
        ("ÆBLER", "Pose med æbler på billedet"),
        ("adgang", "Adgangskode virker ikke"),
        ("kan logge", "Hun kan ikke logge ind"),
        ("forældrene", "Forældre ser intet"),
        ("2.b", "Ugeplan for 2.B mangler"),
    ],
)
def test_danish_words_are_found_by_stem_and_beginning(town, question: str, title: str) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title=title)
    WorkItemFactory(unit=town.school_indskoling, title="Noget helt andet")
    assert numbers(town.superuser, question) == {item.number}


def test_words_may_stand_in_title_and_text(town) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
    write(item, "Læreren ser ingen aftaler i uge 35 <b>&")
    assert numbers(town.superuser, "kalender aftale") == {item.number}
    found = search(load_viewer(town.superuser.id, NOW), "aftale", Filters(), NOW)
    assert ("aftaler", True) in found.hits[0].snippet


@pytest.mark.parametrize("shown", ["A-{}", "{}", "a{}"])
def test_a_number_finds_its_ticket(town, shown: str) -> None:
    item = WorkItemFactory(unit=town.school_indskoling)
    assert numbers(town.superuser, shown.format(item.number)) == {item.number}


def test_an_internal_note_is_not_found_by_those_who_read_titles(town) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
    write(item, "Hemmeligholdt tavshed")
    assert numbers(town.superuser, "tavshed") == {item.number}
    assert numbers(town.school_leader, "tavshed") == set()
    assert numbers(town.school_leader, "kalender") == {item.number}
    assert numbers(town.school_leader, "kalender tavshed") == set()


def test_what_is_confidential_is_never_matched_for_those_who_count(town) -> None:
    WorkItemFactory(unit=town.school_indskoling, title="Mobning i klassen", confidential=True)
    assert numbers(town.school_leader, "mobning") == set()
    assert numbers(town.school_leader, "") == set()


def test_it_never_finds_by_the_requesters_name(town) -> None:
    item = WorkItemFactory(
        unit=town.school_indskoling,
        title="Synkronisering fejler",
        lane=Lane.TECHNICAL,
        requester_name="Rosa Rønnebær",
        requester_email="rosa@example.org",
        requester_id=town.teacher.id,
    )
    technician = town.technicians[0]
    assert numbers(technician, "synkronisering") == {item.number}
    assert numbers(technician, "rønnebær") == numbers(technician, "rosa example") == set()
    assert numbers(technician, "synk", Filters(asked_by_id=town.teacher.id)) == set()
    assert numbers(town.superuser, "rønnebær") == {item.number}


def test_a_cpr_number_never_reaches_the_index(town) -> None:
    WorkItemFactory(unit=town.school_indskoling, title="Barnet 010115-1234 og 0101151234 mangler")
    assert numbers(town.superuser, "barnet mangler")
    held = db.session.execute(text("SELECT * FROM search_index")).all()
    assert "1234" not in str(held)
    assert "010115" not in str(held)


def test_filters_narrow(town) -> None:
    one = WorkItemFactory(unit=town.school_indskoling, title="Login", due_at=NOW, holder_id=town.superuser.id)
    two = WorkItemFactory(unit=town.school_indskoling, title="Login", state=State.SOLVED, category="BESKED")
    both = {one.number, two.number}
    assert numbers(town.superuser, "login") == both
    assert numbers(town.superuser, "", Filters(within=town.school.path)) == both
    assert numbers(town.superuser, "login", Filters(overdue=True)) == {one.number}
    assert numbers(town.superuser, "", Filters(holder_id=town.superuser.id)) == {one.number}
    assert numbers(town.superuser, "login", Filters(state=State.SOLVED)) == {two.number}
    assert numbers(town.superuser, "login", Filters(category="BESKED", rung=Rung.SUPERUSER)) == {two.number}
    assert numbers(town.superuser, "login", Filters(before=NOW)) == set()
    assert numbers(town.superuser, "login", Filters(within=town.daycare.path)) == set()


def test_people_are_found_by_the_beginning_of_a_name(town) -> None:
    found = search_people(load_viewer(town.teacher.id, NOW), "superbruger str", NOW)
    assert [person.name for person in found] == ["Superbruger Strand"]
    assert found[0].places[0][1] == "Engskolen, indskoling"
    town.second_superuser.name = "Ærlig Åen"
    db.session.flush()
    assert search_people(load_viewer(town.teacher.id, NOW), "åen", NOW)


@pytest.mark.parametrize("question", ['"', "* OR (", "a & !b", "''", "-", "NEAR(", "\\", ":*", "\x00x"])
def test_no_sign_breaks_a_search(town, question: str) -> None:
    numbers(town.superuser, question)
    search_people(load_viewer(town.teacher.id, NOW), question, NOW)


def test_the_index_can_be_made_anew_and_compared(town) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
    db.session.commit()
    assert search_index.differences() == 0
    db.session.execute(text("DELETE FROM search_index"))
    db.session.commit()
    assert search_index.differences() == 1
    db.session.commit()
    search_index.rebuild()
    assert search_index.differences() == 0
    assert numbers(town.superuser, "kalender") == {item.number}


def test_what_is_written_in_bulk_is_indexed_once_and_so_is_what_follows(town) -> None:
    with search_index.in_bulk(db.session()):
        item = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
        write(item, "Ugeplanen også")
        assert numbers(town.superuser, "kalender") == set()
    assert numbers(town.superuser, "kalender ugeplan") == {item.number}
    write(item, "Nu med brombær")
    assert numbers(town.superuser, "brombær") == {item.number}
    assert search_index.differences() == 0


def test_a_search_is_two_statements_however_much_it_finds(town) -> None:
    viewer = load_viewer(town.superuser.id, NOW)
    for size in (2, 40):
        for _ in range(size):
            write(WorkItemFactory(unit=town.school_indskoling, title="Login"), "Kan ikke logge på")
        with statements() as seen:
            assert search(viewer, "login", Filters(), NOW).hits
        assert len([sql for sql, _values in seen if sql.startswith("SELECT")]) == 2


def test_no_search_finds_what_its_viewer_may_not_read(app: Flask, start_over: Callable[[], None]) -> None:
    """Random organisations: by title, by text, by name, with and without words."""

    in_random_organisations(app, start_over, compare_everyone, examples=12)


def compare_everyone(random: Random) -> None:
    world = random_world(random)
    items = list(db.session.scalars(select(WorkItem)))
    for item in items:
        item.title, item.requester_name = "Titelord", "Navneord"
        write(item, "Tekstord")
    for person in world.people[:4]:
        viewer = load_viewer(PersonId(person.id), NOW, STEPS)
        levels = {item.id: item_access(viewer, item) for item in items}
        for question, level in (
            ("titelord", Access.TITLE),
            ("titelord tekst", Access.MINIMISED),
            ("navneord", Access.CONTENT),
            ("", Access.TITLE),
        ):
            found = search(viewer, question, Filters(), NOW)
            wanted = {item_id for item_id, held in levels.items() if held >= level}
            assert {hit.item.id for hit in found.hits} == wanted
            for hit in found.hits:
                assert hit.snippet is None or levels[hit.item.id] >= Access.MINIMISED

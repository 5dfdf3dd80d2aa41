"""The organisation comes in from files: all or nothing, and again without doubles."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.organisation.actions import create_municipality
from ticketing.organisation.imports import Outcome, import_organisation
from ticketing.organisation.models import Municipality, Person, Post, Unit

TODAY = date(2026, 9, 15)
UNITS = """nøgle;navn;type;sektor;overordnet
skole1;Engskolen;institution;;skole
skole;Skole;sektor;skole;
skole1-ind;Indskoling;afdeling;;skole1
"""
PEOPLE = """nøgle;navn;e-mail;telefon
p1;Lærer Lund;Lund@vesterkaer.example;5550 0001
p2;Superbruger Sand;sand@vesterkaer.example;
"""
POSTS = """person;enhed;rolle;fra;til;uddannet
p1;skole1-ind;medarbejder;01.08.2025;;
p2;skole1-ind;Superbruger;01.08.2025;;04.03.2025
"""

Run = Callable[..., Outcome]


@pytest.fixture
def town(session: Session) -> Municipality:
    return create_municipality("vesterkaer", "Vesterkær Kommune")[0]


@pytest.fixture
def run(town: Municipality, tmp_path: Path) -> Run:
    def run(*texts: str, dry_run: bool = False, partial: bool = False) -> Outcome:
        files = []
        for number, text in enumerate(texts):
            files.append(tmp_path / f"fil{number}.csv")
            files[-1].write_text(text, encoding="utf-8-sig")
        return import_organisation(town.id, files, TODAY, dry_run=dry_run, partial=partial)

    return run


def count(session: Session, model: type[Unit | Person | Post]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def reasons(outcome: Outcome) -> list[str]:
    return [str(problem) for problem in outcome.problems]


def test_units_people_and_posts_come_in_whatever_the_order_of_the_rows(session: Session, run: Run) -> None:
    outcome = run(POSTS, PEOPLE, UNITS)
    assert reasons(outcome) == []
    assert outcome.created == {"units": 3, "people": 2, "posts": 2}
    department = session.scalars(select(Unit).where(Unit.key == "skole1-ind")).one()
    school = session.scalars(select(Unit).where(Unit.key == "skole1")).one()
    assert department.path == f"{school.path}{department.id}/"
    assert department.sector == "skole"
    assert session.scalars(select(Person.email).where(Person.key == "p1")).one() == "lund@vesterkaer.example"


def test_a_second_run_doubles_nothing_and_updates_what_changed(session: Session, run: Run) -> None:
    run(UNITS, PEOPLE, POSTS)
    outcome = run(UNITS, PEOPLE.replace("Lærer Lund", "Lærer Lundgaard"), POSTS)
    assert outcome.created == {"units": 0, "people": 0, "posts": 0}
    assert outcome.updated == {"units": 0, "people": 1, "posts": 0}
    assert count(session, Post) == 2


def test_a_post_without_a_first_day_is_not_doubled_on_a_later_day(session: Session, run: Run) -> None:
    open_start = "person;enhed;rolle\np1;skole1-ind;medarbejder\n"
    run(UNITS, PEOPLE, open_start)
    run(open_start)
    assert [post.valid_from for post in session.scalars(select(Post))] == [TODAY]


def test_a_dry_run_counts_and_writes_nothing(session: Session, run: Run) -> None:
    outcome = run(UNITS, PEOPLE, POSTS, dry_run=True)
    assert outcome.created == {"units": 3, "people": 2, "posts": 2}
    assert not outcome.written
    assert (count(session, Unit), count(session, Person)) == (1, 0)


@pytest.mark.parametrize(
    ("units", "people", "posts", "expected"),
    [
        ("x;X;hytte;;\n", "", "", "fil0.csv, række 5, type: hytte er ikke en type enhed"),
        ("x;X;institution;;intet\n", "", "", "fil0.csv, række 5, overordnet: intet findes ikke"),
        ("skole1;X;institution;;skole\n", "", "", "fil0.csv, række 5, nøgle: står to gange"),
        (";X;institution;;skole\n", "", "", "fil0.csv, række 5, nøgle: skal udfyldes"),
        ("x;X;institution;månen;skole\n", "", "", "fil0.csv, række 5, sektor: månen er ikke en sektor"),
        ("", "p3;C;ikke-en-adresse;\n", "", "række 4, e-mail: ikke-en-adresse er ikke en e-mailadresse"),
        ("", "p3;C;sand@vesterkaer.example;\n", "", "e-mail: sand@vesterkaer.example hører til p2"),
        ("", "", "p9;skole1;leder;;;\n", "række 4, person: p9 findes ikke"),
        ("", "", "p1;skole9;leder;;;\n", "række 4, enhed: skole9 findes ikke"),
        ("", "", "p1;skole1;konge;;;\n", "række 4, rolle: konge er ikke en rolle"),
        (
            "",
            "",
            "p1;skole1;kommunal administrator;;;\n",
            "rolle: Kommunal administrator kan ikke ligge i skole1",
        ),
        ("", "", "p1;skole1;leder;31.02.2025;;\n", "fra: 31.02.2025 er ikke en dato (dd.mm.åååå)"),
        ("", "", "p1;skole1;leder;01.02.2025;01.01.2025;\n", "til: skal ligge efter den første dag"),
    ],
)
def test_each_bad_row_is_named_and_nothing_is_written(
    session: Session, run: Run, units: str, people: str, posts: str, expected: str
) -> None:
    outcome = run(UNITS + units, PEOPLE + people, POSTS + posts)
    assert len(outcome.problems) == 1
    assert expected in reasons(outcome)[0]
    assert (count(session, Unit), count(session, Person)) == (1, 0)


def test_units_in_a_ring_are_found(run: Run) -> None:
    outcome = run(UNITS + "a;A;institution;;b\nb;B;område;;a\n")
    assert [problem.row for problem in outcome.problems] == [5, 6]
    assert "en ring" in reasons(outcome)[0]


def test_partial_imports_the_good_rows_and_leaves_out_what_hangs_on_a_bad_one(
    session: Session, run: Run
) -> None:
    outcome = run(UNITS + "x;X;hytte;;\ny;Y;institution;;x\n", PEOPLE, POSTS, partial=True)
    assert outcome.written
    assert [problem.row for problem in outcome.problems] == [5, 6]
    assert count(session, Unit) == 4


def test_a_unit_does_not_move_by_import(run: Run) -> None:
    run(UNITS)
    moved = "nøgle;navn;type;sektor;overordnet\nny;Ny;område;;skole\nskole1;Engskolen;institution;;ny\n"
    assert "kan ikke flyttes ved import" in reasons(run(moved))[0]


def test_a_post_that_ends_is_told_so_that_its_items_can_go_on(session: Session, run: Run) -> None:
    run(UNITS, PEOPLE, POSTS)
    outcome = run(POSTS.replace("01.08.2025;;04", "01.08.2025;01.09.2026;04"))
    post = session.scalars(select(Post).where(Post.role == "superuser")).one()
    assert outcome.ended_posts == [(post.id, date(2026, 9, 1))]


def test_windows_text_is_read_with_a_warning(session: Session, town: Municipality, tmp_path: Path) -> None:
    file = tmp_path / "personer.csv"
    file.write_bytes(PEOPLE.encode("cp1252"))
    outcome = import_organisation(town.id, [file], TODAY)
    assert "Windows-1252" in outcome.warnings[0]
    assert session.scalars(select(Person.name).where(Person.key == "p1")).one() == "Lærer Lund"


def test_a_workbook_with_three_sheets(session: Session, town: Municipality, tmp_path: Path) -> None:
    book = Workbook()
    for title, text in (("Enheder", UNITS), ("Personer", PEOPLE), ("Poster", POSTS)):
        sheet = book.create_sheet(title)
        for line in text.strip().split("\n"):
            sheet.append([cell or None for cell in line.split(";")])
    file = tmp_path / "organisation.xlsx"
    book.save(file)
    assert import_organisation(town.id, [file], TODAY).created == {"units": 3, "people": 2, "posts": 2}


@pytest.mark.parametrize("content", ["", "farve;form\nrød;rund\n", "nøgle;navn\na;b\n"])
def test_a_file_that_is_no_table_is_a_problem(run: Run, content: str) -> None:
    assert len(run(content).problems) == 1


def test_a_broken_workbook_is_a_problem(town: Municipality, tmp_path: Path) -> None:
    file = tmp_path / "i_stykker.xlsx"
    file.write_bytes(b"PK\x03\x04 not a workbook")
    assert "kan ikke læses" in str(import_organisation(town.id, [file], TODAY).problems[0])

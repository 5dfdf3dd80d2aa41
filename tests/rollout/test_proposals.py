"""What an import proposes counts for nothing until a person accepts it, row by row."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.factories import NOW, MunicipalityFactory, PersonFactory
from ticketing.database import db
from ticketing.rollout.actions import ReasonMissing, UnusablePlan, save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.models import PlanProposal
from ticketing.rollout.proposals import AlreadyDecided, WrongValues, accept, accept_quiet, propose, reject
from ticketing.rollout.queries import (
    activities,
    activity_by_key,
    proposals_of,
    waiting_proposals,
    warnings_by_activity,
)
from ticketing.rollout.reading import Proposed, read_plan
from ticketing.rollout.schoolyear import DaysOff
from ticketing.work.change import Actor

TEXT = """Tidsplan

| Målgruppe | Periode |
|---|---|
| Kommunal administrator | 11.-12. januar 2027 |
| Superbrugere på skolerne | 25.01.27 til 22.01.26 |
| Skolernes lærere | uge 9-10 |
"""
SHIPPED = load_plan(Path(__file__).parents[2] / "config")


@pytest.fixture
def municipality(session):
    return MunicipalityFactory()


@pytest.fixture
def who(municipality):
    return Actor("person", PersonFactory(municipality=municipality).id)


def proposed(municipality, who, text=TEXT):
    found = read_plan(text, {}, DaysOff())
    content = text.encode()
    made, _ = propose(municipality.id, found, who, NOW, source="plan.txt", content=content, new_keys=True)
    return proposals_of(db.session(), municipality.id, made.id)


def test_a_proposal_alone_changes_no_plan(municipality, who) -> None:
    rows = proposed(municipality, who)
    assert [row.row["id"] for row in rows] == ["U01", "U02", "U03"]
    assert list(activities(db.session(), municipality.id)) == []


def test_the_same_file_is_proposed_once(municipality, who) -> None:
    proposed(municipality, who)
    proposed(municipality, who)
    assert waiting_proposals(db.session(), municipality.id) == 3


def test_accepting_a_row_keeps_its_words_its_line_and_its_warnings(municipality, who) -> None:
    row = proposed(municipality, who)[1]
    made = accept(municipality.id, row.id, who, NOW)
    assert "25.01.27 til 22.01.26" in made.raw and made.line == 6
    kinds = [warning.kind for warning in warnings_by_activity(db.session(), municipality.id)[made.id]]
    assert "end_before_start" in kinds
    assert made.inferred_values


def test_what_a_person_sets_right_is_no_longer_inferred(municipality, who) -> None:
    row = proposed(municipality, who)[2]
    assert row.row["inferred_values"] == ["start", "end"]
    made = accept(
        municipality.id, row.id, who, NOW, {"start": "08.03.27", "end": "19.03.27", "paid_seats": None}
    )
    assert (made.baseline_start, made.baseline_end) == (date(2027, 3, 8), date(2027, 3, 19))
    assert made.inferred_values == []


def test_wrong_values_are_told_by_field_and_nothing_is_kept(municipality, who) -> None:
    row = proposed(municipality, who)[0]
    with pytest.raises(WrongValues) as refused:
        accept(municipality.id, row.id, who, NOW, {"start": "uge 53 2021"})
    assert refused.value.messages == {"start": ["uge 53 findes ikke i 2021, som har 52 uger"]}
    with pytest.raises(UnusablePlan, match="slutter"):
        accept(municipality.id, row.id, who, NOW, {"start": "2027-02-01", "end": "2027-01-01"})
    assert waiting_proposals(db.session(), municipality.id) == 3


def test_nobody_decides_what_another_has_decided(municipality, who) -> None:
    row = proposed(municipality, who)[0]
    accept(municipality.id, row.id, who, NOW)
    with pytest.raises(AlreadyDecided):
        reject(municipality.id, row.id, who, NOW, "Er der allerede")
    with pytest.raises(LookupError):
        accept(MunicipalityFactory().id, row.id, who, NOW)


def test_a_row_is_rejected_with_a_reason(municipality, who) -> None:
    row = proposed(municipality, who)[0]
    with pytest.raises(ReasonMissing):
        reject(municipality.id, row.id, who, NOW, " ")
    reject(municipality.id, row.id, who, NOW, "Gælder sidste år")
    kept = db.session.get(PlanProposal, row.id)
    assert (kept.verdict, kept.reason, kept.decided_by_id) == ("rejected", "Gælder sidste år", who.person_id)


def test_all_rows_without_a_doubt_are_accepted_at_once(municipality, who) -> None:
    rows = proposed(municipality, who)
    assert accept_quiet(municipality.id, rows[0].import_id, who, NOW) == 1
    assert [row.audience for row in activities(db.session(), municipality.id)] == ["Kommunal administrator"]


def test_a_texts_rows_never_take_the_keys_of_the_plan(municipality, who) -> None:
    save_plan(municipality.id, SHIPPED, NOW)
    assert [row.row["id"] for row in proposed(municipality, who)] == ["U19", "U20", "U21"]


def test_a_row_of_a_file_with_keys_changes_the_one_that_has_its_key(municipality, who) -> None:
    save_plan(municipality.id, SHIPPED, NOW)
    row = next(row for row in SHIPPED.activities if row.id == "U13")
    later = Proposed((row.__class__(**{**vars(row), "revised": None, "baseline": row.period}),))
    made, _ = propose(municipality.id, later, who, NOW, source="ny.json", content=b"1", new_keys=False)
    accept(municipality.id, proposals_of(db.session(), municipality.id, made.id)[0].id, who, NOW)
    assert activity_by_key(db.session(), municipality.id, "U13").value().period == row.period


def test_a_row_may_wait_for_one_of_its_file_that_is_not_accepted_yet(municipality, who) -> None:
    rows = tuple(row for row in SHIPPED.activities if row.id in ("U04", "U12"))
    made, _ = propose(municipality.id, Proposed(rows), who, NOW, source="a.json", content=b"2", new_keys=False)
    waits, first = reversed(proposals_of(db.session(), municipality.id, made.id))
    rows_then = [accept(municipality.id, one.id, who, NOW + timedelta(hours=1)) for one in (waits, first)]
    assert [row.key for row in rows_then] == ["U12", "U04"]

"""A question that three institutions ask within two days is found once, and answered once for all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, PostFactory, SmallMunicipality, UnitFactory, small_municipality
from ticketing.accounts.queries import load_viewer
from ticketing.knowledge.actions import answer_known_question, answer_those_who_asked, dismiss_known_question
from ticketing.knowledge.models import KnownQuestion, KnownQuestionItem
from ticketing.knowledge.queries import known_questions, title_of
from ticketing.knowledge.travelling import REMEMBERED, Found, find_travelling, find_travelling_everywhere
from ticketing.organisation.models import Unit
from ticketing.vocabulary import Channel, ItemKind, KnownQuestionState, RequesterRole, Role, State, UnitKind
from ticketing.work.actions import Actor, Draft, open_ticket, solve
from ticketing.work.errors import MissingReason
from ticketing.work.models import OutboxMessage, WorkItem

EMPTY_PLAN = [
    ("Ugeplanen er blank", "Ugeplanen fra MeeBook er helt blank i dag for hele klassen."),
    ("MeeBook-ugeplan er tom", "Når jeg åbner ugeplanen fra MeeBook, er den blank."),
    ("Blank ugeplan", "Forældre skriver, at ugeplanen i MeeBook er blank."),
    ("Ugeplaner er blanke", "Hele skolens ugeplaner fra meebook er blanke."),
]


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    return small_municipality()


@pytest.fixture
def schools(town: SmallMunicipality) -> list[Unit]:
    return [
        town.school,
        *(
            UnitFactory(parent=town.skole, kind=UnitKind.INSTITUTION, key=f"skole{n}", name=f"Skole {n}")
            for n in range(3)
        ),
    ]


def ask(unit: Unit, number: int = 0, **other: object) -> WorkItem:
    title, body = EMPTY_PLAN[number]
    draft = Draft(
        municipality_id=unit.municipality_id,
        unit_id=unit.id,
        title=title,
        body=body,
        category="WIDGET",
        channel=Channel.MAIL,
        requester_role=RequesterRole.PARENT,
        requester_email=f"foraelder{unit.id}.{number}@example.org",
    )
    at = other.pop("at", NOW - timedelta(hours=1))
    return open_ticket(replace(draft, **other), Actor("requester"), at)  # type: ignore[arg-type]


def _only(session: Session) -> KnownQuestion:
    return session.scalars(select(KnownQuestion).execution_options(populate_existing=True)).one()


def test_three_institutions_make_a_known_question_and_two_do_not(
    session: Session, town: SmallMunicipality, schools: list[Unit]
) -> None:
    ask(schools[0], 0)
    ask(schools[1], 1)
    assert find_travelling(town.municipality.id, NOW) == Found()
    ask(schools[2], 2)
    assert find_travelling(town.municipality.id, NOW) == Found(proposed=1)
    question = _only(session)
    assert (question.institutions, question.questions, question.category) == (3, 3, "WIDGET")
    assert question.title == EMPTY_PLAN[0][0]


def test_many_questions_of_one_institution_do_not_travel(town: SmallMunicipality, schools: list[Unit]) -> None:
    for number in range(4):
        ask(schools[0], number)
    assert find_travelling(town.municipality.id, NOW) == Found()


def test_what_was_asked_more_than_two_days_ago_is_left_out(
    town: SmallMunicipality, schools: list[Unit]
) -> None:
    ask(schools[0], 0, at=NOW - timedelta(hours=49))
    ask(schools[1], 1)
    ask(schools[2], 2)
    assert find_travelling(town.municipality.id, NOW) == Found()


def test_a_confidential_ticket_is_never_looked_at(town: SmallMunicipality, schools: list[Unit]) -> None:
    for number, school in enumerate(schools[:3]):
        ask(school, number, confidential=number == 1)
    assert find_travelling(town.municipality.id, NOW) == Found()


def test_other_questions_and_another_municipality_stay_apart(
    session: Session, town: SmallMunicipality, schools: list[Unit]
) -> None:
    other = small_municipality("nabo")
    ask(schools[0], 0)
    ask(schools[1], 1)
    ask(other.school, 2)
    ask(schools[2], 2, title="Kan ikke logge på", body="MitID virker ikke for mig.", category="LOGIN")
    assert find_travelling_everywhere(NOW) == Found()


def test_looking_again_changes_nothing_and_a_new_ticket_is_counted(
    session: Session, town: SmallMunicipality, schools: list[Unit]
) -> None:
    for number, school in enumerate(schools[:3]):
        ask(school, number)
    find_travelling(town.municipality.id, NOW)
    assert find_travelling(town.municipality.id, NOW) == Found()
    later = NOW + timedelta(days=20)
    ask(schools[3], 3, at=later)
    assert find_travelling(town.municipality.id, later) == Found(counted=1)
    question = _only(session)
    assert (question.institutions, question.questions, question.last_asked_at) == (4, 4, later)
    long_after = later + REMEMBERED + timedelta(days=1)
    ask(schools[0], 1, at=long_after)
    assert find_travelling(town.municipality.id, long_after + timedelta(hours=1)) == Found()


class TestAnswering:
    @pytest.fixture
    def question(self, session: Session, town: SmallMunicipality, schools: list[Unit]) -> KnownQuestion:
        for number, school in enumerate(schools[:3]):
            ask(school, number)
        find_travelling(town.municipality.id, NOW)
        return _only(session)

    def test_one_answer_solves_each_ticket_and_mails_each_asker(
        self, session: Session, town: SmallMunicipality, question: KnownQuestion
    ) -> None:
        boss = Actor("person", town.project_group[0].id)
        answer_known_question(
            question.id, boss, NOW, card_title="Blank ugeplan", answer="Log ud og ind igen.", to_all=True
        )
        assert answer_those_who_asked(NOW) == 3
        assert answer_those_who_asked(NOW) == 0
        states = session.scalars(select(WorkItem.state).where(WorkItem.kind == ItemKind.TICKET)).all()
        assert states == [State.SOLVED] * 3
        mails = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "solved")).all()
        assert len(mails) == 3
        assert all("Log ud og ind igen." in mail.body for mail in mails)

    def test_what_is_asked_after_the_answer_is_not_solved_by_itself(
        self, session: Session, town: SmallMunicipality, schools: list[Unit], question: KnownQuestion
    ) -> None:
        boss = Actor("person", town.project_group[0].id)
        answer_known_question(question.id, boss, NOW, card_title="Blank", answer="Sådan.", to_all=True)
        later = NOW + timedelta(hours=2)
        item = ask(schools[3], 3, at=later)
        find_travelling(town.municipality.id, later)
        answer_those_who_asked(later)
        session.refresh(item)
        assert item.is_open

    def test_a_ticket_somebody_solved_meanwhile_is_left_alone(
        self, session: Session, town: SmallMunicipality, question: KnownQuestion
    ) -> None:
        one = session.scalars(select(WorkItem).order_by(WorkItem.id)).first()
        assert one is not None
        solve(one.id, Actor("person", town.project_group[0].id), NOW, text="Mit eget svar.")
        boss = Actor("person", town.project_group[0].id)
        answer_known_question(question.id, boss, NOW, card_title="Blank", answer="Sådan.", to_all=True)
        assert answer_those_who_asked(NOW) == 2

    def test_superusers_next_in_the_wave_hear_of_it_once_and_others_do_not(
        self, session: Session, town: SmallMunicipality, schools: list[Unit], question: KnownQuestion
    ) -> None:
        schools[3].go_live_on = (NOW + timedelta(weeks=2)).date()
        PostFactory(person=town.teacher, unit=schools[3], role=Role.SUPERUSER)
        session.commit()
        boss = Actor("person", town.project_group[0].id)
        for answer in ("Sådan.", "Sådan her."):
            answer_known_question(question.id, boss, NOW, card_title="Blank", answer=answer, to_all=False)
        told = session.scalars(select(OutboxMessage).where(OutboxMessage.purpose == "known_question")).all()
        assert [mail.recipient for mail in told] == [town.teacher.email]
        assert "Sådan." in told[0].body
        assert answer_those_who_asked(NOW) == 0

    def test_putting_it_aside_needs_a_reason_and_keeps_counting(
        self, session: Session, town: SmallMunicipality, schools: list[Unit], question: KnownQuestion
    ) -> None:
        boss = Actor("person", town.project_group[0].id)
        with pytest.raises(MissingReason):
            dismiss_known_question(question.id, boss, NOW, reason=" ")
        dismiss_known_question(question.id, boss, NOW, reason="Leverandøren har rettet det")
        ask(schools[3], 3, at=NOW)
        assert find_travelling(town.municipality.id, NOW) == Found(counted=1)
        assert _only(session).state is KnownQuestionState.DISMISSED
        assert session.scalar(select(func.count()).select_from(KnownQuestionItem)) == 4

    def test_cpr_numbers_in_the_answer_are_masked(
        self, session: Session, town: SmallMunicipality, question: KnownQuestion
    ) -> None:
        boss = Actor("person", town.project_group[0].id)
        answer_known_question(
            question.id, boss, NOW, card_title="Blank", answer="Som for 010190-1234.", to_all=False
        )
        assert "1234" not in (_only(session).answer or "")


def test_a_ticket_that_became_confidential_names_no_question_and_is_not_answered_with_it(
    session: Session, town: SmallMunicipality, schools: list[Unit]
) -> None:
    items = [ask(school, number) for number, school in enumerate(schools[:3])]
    find_travelling(town.municipality.id, NOW)
    question = _only(session)
    items[0].confidential = True
    items[0].title = question.title = "Kun for de nærmeste"
    session.commit()
    viewer = load_viewer(town.project_group[0].id, NOW)
    (shown,) = known_questions(viewer, NOW)
    assert shown.title == items[1].title
    assert title_of(question) == items[1].title
    answer_known_question(
        question.id,
        Actor("person", town.municipal_admin.id),
        NOW,
        card_title="Ugeplan",
        answer="Sådan",
        to_all=True,
    )
    answer_those_who_asked(NOW)
    session.expire_all()
    assert items[0].is_open

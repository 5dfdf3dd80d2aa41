"""The plan's pages: the picture and its table, what follows a later date, the load, questions that go on."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, WorkItemFactory, small_municipality
from tests.insight.test_unresolved import sign_in
from tests.knowledge.test_travelling_question import ask
from tests.statements import statements
from ticketing.knowledge.models import KnownQuestion, KnownQuestionItem
from ticketing.knowledge.travelling import find_travelling
from ticketing.rollout.actions import save_plan
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Activity, Period, Plan
from ticketing.rollout.tasks import make_tasks_of
from ticketing.vocabulary import ActivityCategory, KnownQuestionState, Role, Sector, TaskPer
from ticketing.work.change import SYSTEM
from ticketing.work.models import WorkItem

TODAY = date(2026, 9, 15)


def _activity(
    key: str, category: ActivityCategory, start: int | None, end: int | None, **more: object
) -> Activity:
    def day(days: int | None) -> date | None:
        return None if days is None else TODAY + timedelta(days=days)

    return Activity(
        id=key,
        category=category,
        sector=more.pop("sector", Sector.SKOLE),  # type: ignore[arg-type]
        audience=str(more.pop("audience", f"Aktivitet {key}")),
        baseline=Period(day(start), day(end)),
        **more,  # type: ignore[arg-type]
    )


PLAN = Plan(
    (
        _activity("U1", ActivityCategory.TRAINING, -60, -50, audience="Superbrugere på kursus"),
        _activity(
            "S1",
            ActivityCategory.SETUP,
            -30,
            -5,
            depends_on=("U1",),
            responsible=Role.SUPERUSER,
            per=TaskPer.DEPARTMENT,
        ),
        _activity("F1", ActivityCategory.FAMILIES, 7, 10, depends_on=("S1",)),
        _activity("G1", ActivityCategory.GO_LIVE, -28, None),
        _activity("U2", ActivityCategory.TRAINING, None, None, sector=None, audience="Ledere på kursus"),
    )
)


@pytest.fixture(autouse=True)
def _at_now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    town = small_municipality()
    session.commit()
    save_plan(town.municipality.id, PLAN, NOW)
    return town


@pytest.fixture
def planner(client: FlaskClient, town: SmallMunicipality) -> FlaskClient:
    sign_in(client, town.project_group[0])
    return client


def _row(session: Session, key: str) -> PlanActivity:
    return session.scalars(
        select(PlanActivity).where(PlanActivity.key == key).execution_options(populate_existing=True)
    ).one()


class TestTimeline:
    def test_picture_and_table_hold_every_activity_and_undated_ones_are_not_hidden(
        self, planner: FlaskClient
    ) -> None:
        page = planner.get("/plan/tidslinje").text
        assert page.count('<svg class="plan-picture"') == 1
        for key in ("U1", "S1", "F1", "G1"):
            assert page.count(f">{key}</t") >= 2  # in the picture and in the table
        undated = page.split("ikke-planlagt")[2]
        assert "Ledere på kursus" in undated.split("</section>")[0]

    def test_what_is_late_says_so_in_words(self, session: Session, planner: FlaskClient) -> None:
        make_tasks_of(_row(session, "S1").id, SYSTEM, NOW - timedelta(days=20))
        page = planner.get("/plan/tidslinje").text
        assert "5 dage over · 0 af 2" in page

    def test_a_leader_reads_it_and_may_change_nothing(
        self, client: FlaskClient, town: SmallMunicipality
    ) -> None:
        sign_in(client, town.school_leader)
        assert "/plan/S1/flyt" not in client.get("/plan/tidslinje").text
        assert client.get("/plan/S1/flyt").status_code == 404
        assert client.post("/plan/S1/flyt", data={"start": "2026-10-01", "reason": "x"}).status_code == 404

    def test_an_employee_sees_no_plan(self, client: FlaskClient, town: SmallMunicipality) -> None:
        sign_in(client, town.teacher)
        assert client.get("/plan/tidslinje").status_code == 404
        assert client.get("/plan/belastning").status_code == 404
        assert client.get("/plan/spoergsmaal").status_code == 404

    def test_a_sector_shows_its_own_and_what_concerns_all(self, planner: FlaskClient) -> None:
        page = planner.get("/plan/tidslinje?sektor=dagtilbud").text
        assert "Superbrugere på kursus" not in page
        assert "Ledere på kursus" in page

    def test_the_calendar_needs_no_sign_in_but_the_right_address(
        self, planner: FlaskClient, town: SmallMunicipality
    ) -> None:
        page = planner.get("/plan/tidslinje").text
        address = page.split("/plan/kalender/")[1].split('"')[0]
        planner.post("/log-ud")
        feed = planner.get(f"/plan/kalender/{address}")
        events = Calendar.from_ical(feed.data).walk("VEVENT")
        assert {str(event["UID"]).split("@")[0] for event in events} == {
            "plan-u1",
            "plan-s1",
            "plan-f1",
            "plan-g1",
        }
        assert planner.get(f"/plan/kalender/x{address}").status_code == 404

    def test_statements_do_not_grow_with_the_tasks(
        self, session: Session, planner: FlaskClient, town: SmallMunicipality
    ) -> None:
        planner.get("/plan/tidslinje")
        with statements() as before:
            planner.get("/plan/tidslinje")
        for key in ("U1", "S1", "F1"):
            make_tasks_of(_row(session, key).id, SYSTEM, NOW)
        with statements() as after:
            planner.get("/plan/tidslinje")
        assert len(after) == len(before) <= 12


class TestSlip:
    def test_looking_changes_nothing_and_shows_what_follows(
        self, session: Session, planner: FlaskClient
    ) -> None:
        page = planner.get("/plan/S1/flyt?start=2026-09-20&slut=2026-10-05").text
        assert "1 anden aktivitet må flytte" in page
        assert "F1" in page
        assert _row(session, "S1").revised_start is None

    def test_saving_moves_all_that_follows_and_keeps_the_first_plan(
        self, session: Session, planner: FlaskClient
    ) -> None:
        make_tasks_of(_row(session, "S1").id, SYSTEM, NOW - timedelta(days=20))
        form = {"start": "2026-09-20", "slut": "2026-10-05", "reason": "Leverandøren er forsinket"}
        assert planner.post("/plan/S1/flyt", data=form).status_code == 302
        setup, parents = _row(session, "S1"), _row(session, "F1")
        assert (setup.revised_start, setup.revised_end) == (date(2026, 9, 20), date(2026, 10, 5))
        assert setup.baseline_end == TODAY - timedelta(days=5)
        assert (parents.revised_start, parents.revised_end) == (date(2026, 10, 6), date(2026, 10, 9))
        days = set(session.scalars(select(WorkItem.planned_on).where(WorkItem.activity_id == setup.id)))
        assert days == {date(2026, 10, 5)}

    @pytest.mark.parametrize(
        ("form", "says"),
        [
            ({"start": "", "reason": "x"}, "Skriv en dato"),
            ({"start": "2026-10-05", "slut": "2026-10-01", "reason": "x"}, "Sidste dag kan ikke ligge før"),
            ({"start": "2026-10-05", "reason": " "}, "hvorfor datoen flyttes"),
        ],
    )
    def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
        self, session: Session, planner: FlaskClient, form: dict[str, str], says: str
    ) -> None:
        answer = planner.post("/plan/S1/flyt", data=form)
        assert answer.status_code == 422
        assert says in answer.text
        assert form["start"] in answer.text
        assert _row(session, "S1").revised_start is None

    def test_another_municipalitys_activity_is_not_there(self, planner: FlaskClient) -> None:
        assert planner.get("/plan/U99/flyt").status_code == 404


class TestLoad:
    def test_the_weeks_around_go_live_are_counted_and_compared(
        self, session: Session, planner: FlaskClient, town: SmallMunicipality
    ) -> None:
        live = datetime(2026, 8, 18, 9, 0, tzinfo=UTC)
        for days in (0, 1, 8):
            WorkItemFactory(
                unit=town.school_indskoling, opened_at=live + timedelta(days=days), category="LOGIN"
            )
        page = planner.get("/plan/belastning").text
        assert "3 spørgsmål fra uge 0." in page
        assert "100,0" in page  # two in week 0 among two employees
        assert "Sikkerhed/Login" in page

    def test_the_next_wave_is_forecast(
        self, session: Session, planner: FlaskClient, town: SmallMunicipality
    ) -> None:
        town.daycare.go_live_on = TODAY + timedelta(days=20)
        session.commit()
        _row(session, "G1").sector = None
        session.commit()
        page = planner.get("/plan/belastning?aktivitet=G1").text
        assert "Næste bølge: 5. okt. 2026" in page
        assert "4 ud af 5 gange mellem" in page

    def test_an_unknown_activity_is_not_found(self, planner: FlaskClient) -> None:
        assert planner.get("/plan/belastning?aktivitet=X").status_code == 404


class TestQuestionsThatTravel:
    @pytest.fixture
    def question(self, session: Session, town: SmallMunicipality) -> KnownQuestion:
        for number, unit in enumerate((town.school, town.daycare, town.playgroup)):
            ask(unit, number)
        find_travelling(town.municipality.id, NOW)
        return session.scalars(select(KnownQuestion)).one()

    def test_it_is_shown_and_answered_and_becomes_a_card(
        self, session: Session, planner: FlaskClient, town: SmallMunicipality, question: KnownQuestion
    ) -> None:
        page = planner.get("/plan/spoergsmaal").text
        assert "3 spørgsmål fra 3 institutioner" in page
        form = {"card_title": "Blank ugeplan", "answer": "Åbn ugeplanen i MeeBook selv.", "to_all": "1"}
        assert planner.post(f"/plan/spoergsmaal/{question.id}/svar", data=form).status_code == 302
        assert "Besvaret" in planner.get("/plan/spoergsmaal").text
        sign_in(planner, town.teacher)
        cards = planner.post("/nyt/svarkort", data={"text": "ugeplanen er blank", "category": "WIDGET"}).text
        assert "Åbn ugeplanen i MeeBook selv." in cards

    def test_an_answer_without_words_is_refused_and_keeps_the_title(
        self, planner: FlaskClient, question: KnownQuestion
    ) -> None:
        answer = planner.post(f"/plan/spoergsmaal/{question.id}/svar", data={"card_title": "Min titel"})
        assert answer.status_code == 422
        assert "Min titel" in answer.text

    def test_it_becomes_an_activity_with_an_owner_and_a_day(
        self, session: Session, planner: FlaskClient, town: SmallMunicipality, question: KnownQuestion
    ) -> None:
        assert (
            "Opfølgning: Ugeplanen er blank" in planner.get(f"/plan/opfoelgning?spoergsmaal={question.id}").text
        )
        form = {
            "title": "Kursus i ugeplaner",
            "category": "training",
            "responsible": "project_group",
            "on": "2026-10-12",
            "question": str(question.id),
        }
        assert planner.post("/plan/opfoelgning", data=form).status_code == 302
        activity = _row(session, "E01")
        assert activity.baseline_end == date(2026, 10, 12)
        tasks = session.scalars(select(WorkItem).where(WorkItem.activity_id == activity.id)).all()
        assert [task.title for task in tasks] == ["Kursus i ugeplaner"]
        assert "Blev til aktivitet E01" in planner.get("/plan/spoergsmaal").text
        assert planner.post("/plan/opfoelgning", data=form).status_code == 422

    def test_it_is_put_aside_with_a_reason(
        self, session: Session, planner: FlaskClient, question: KnownQuestion
    ) -> None:
        planner.post(f"/plan/spoergsmaal/{question.id}/laeg-til-side", data={"reason": "Rettet"})
        session.refresh(question)
        assert question.state is KnownQuestionState.DISMISSED

    def test_another_municipality_can_neither_see_nor_answer_it(
        self, session: Session, client: FlaskClient, question: KnownQuestion
    ) -> None:
        other = small_municipality("nabo")
        sign_in(client, other.project_group[0])
        assert "Ugeplanen" not in client.get("/plan/spoergsmaal").text
        form = {"card_title": "x", "answer": "y"}
        assert client.post(f"/plan/spoergsmaal/{question.id}/svar", data=form).status_code == 404
        assert client.get(f"/plan/opfoelgning?spoergsmaal={question.id}").status_code == 404
        assert session.scalars(select(KnownQuestionItem)).all() != []

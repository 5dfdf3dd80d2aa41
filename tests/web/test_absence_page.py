"""Fravær: choose days and a deputy, and nothing waits where nobody is."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import AbsenceFactory, SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from tests.web.test_ticket_actions import Desk
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.organisation.models import Absence, Post
from ticketing.web.wording import COPENHAGEN


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


def today(plus: int = 0) -> str:
    return (datetime.now(UTC).astimezone(COPENHAGEN).date() + timedelta(days=plus)).isoformat()


def absences() -> list[Absence]:
    return list(db.session.scalars(select(Absence)))


def test_away_from_today_with_a_deputy(client, town) -> None:
    sign_in(client, town.superuser)
    typed = {"first": today(), "last": today(2), "deputy": str(town.second_superuser.id), "note": "Kursus"}
    assert client.post("/fravaer", data=typed).status_code == 302
    (absence,) = absences()
    assert (absence.person_id, absence.deputy_id) == (town.superuser.id, town.second_superuser.id)
    assert absence.ends_at.astimezone(COPENHAGEN).date().isoformat() == today(3)
    page = client.get("/fravaer").text
    assert "Du er fraværende" in page
    assert "Stedfortræder: Superbruger Strand" in page


def test_whoever_holds_an_item_lets_it_go_when_they_are_away(client, town) -> None:
    desk = Desk(client, town)
    sign_in(client, town.superuser)
    desk.send("tag")
    client.post("/fravaer", data={"first": today()})
    db.session.refresh(desk.item)
    assert desk.item.holder_id is None
    assert desk.item.queue_unit_id == town.school_indskoling.id


def test_back_again_and_a_plan_called_off(client, town) -> None:
    sign_in(client, town.superuser)
    client.post("/fravaer", data={"first": today()})
    (going_on,) = absences()
    client.post(f"/fravaer/{going_on.id}/slut")
    assert "Du er fraværende" not in client.get("/fravaer").text
    client.post("/fravaer", data={"first": today(5), "last": today(6)})
    planned = absences()[-1]
    assert "Planlagt fravær" in client.get("/fravaer").text
    client.post(f"/fravaer/{planned.id}/slut")
    assert len(absences()) == 1


def test_only_ones_own_absence_can_be_ended(client, town) -> None:
    theirs = AbsenceFactory(person=town.second_superuser)
    sign_in(client, town.superuser)
    assert client.post(f"/fravaer/{theirs.id}/slut").status_code == 404
    assert absences()[0].ends_at is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"first": ""}, "Vælg den første dag."),
        ({"first": "2020-01-01"}, "Første dag kan tidligst være i dag."),
        ({"first": today(4), "last": today(3)}, "Sidste dag kan ikke ligge før første dag."),
        ({"first": today(), "deputy": "987654"}, "Vælg en kollega fra listen."),
    ],
)
def test_impossible_days_are_refused_and_what_was_typed_is_kept(client, town, typed, sentence) -> None:
    sign_in(client, town.superuser)
    answer = client.post("/fravaer", data={**typed, "note": "Ferie på Fyn"})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Ferie på Fyn" in answer.text
    assert absences() == []


def test_deputies_come_from_the_same_house(client, town) -> None:
    sign_in(client, town.superuser)
    form = client.get("/fravaer").text
    choice = form[form.index('name="deputy"') : form.index("</select>")]
    assert "Superbruger Udsigt" in choice
    assert "Superbruger Bæk" not in choice
    assert "Superbruger Sand" not in choice


def test_who_is_trained_here(client, town) -> None:
    post = db.session.scalars(select(Post).where(Post.person_id == town.second_superuser.id)).one()
    post.trained_on = None
    sign_in(client, town.superuser)
    page = client.get("/fravaer").text
    trained = page[page.index('id="uddannelse"') :]
    assert "</svg>uddannet" in trained[trained.index("Superbruger Sand") : trained.index("Superbruger Strand")]
    assert "mangler kursus" in trained[trained.index("Superbruger Strand") :]

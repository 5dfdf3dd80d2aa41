"""Frister: the municipal administrator sees targets and calendars, tries a due time out, and changes them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.clocks.test_editions import with_school_hours, with_target
from tests.clocks.test_local_days import SHUT, ask
from tests.factories import SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.clocks.config import ClockTexts
from ticketing.clocks.models import ClockEdition
from ticketing.database import db
from ticketing.vocabulary import Reach
from ticketing.work import actions
from ticketing.work.calendar_changes import change_days
from ticketing.work.queries import clock_config, clocks_of
from ticketing.work.spreading import spread

PAGES = ("/frister", "/frister/kalender/skole", "/frister/proev", "/frister/udgave/1", "/frister/ret")


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    made = small_municipality()
    ask(made, made.school_indskoling, datetime.now(UTC) - timedelta(hours=1))
    session.commit()
    return made


@pytest.fixture
def admin(client, town):
    sign_in(client, town.municipal_admin)
    return client


def form(texts: ClockTexts, **more: str) -> dict[str, str]:
    sent = {"targets": texts.targets.replace("\n", "\r\n"), "calendars": texts.calendars.replace("\n", "\r\n")}
    return {**sent, "reach": "from_now", "reason": "", "based_on": "1", **more}


def seen(page: str) -> str:
    """The print of what has been looked at, as the page carries it on."""
    return page.split('name="seen" value="')[1].split('"', maxsplit=1)[0]


@pytest.mark.parametrize("address", PAGES)
def test_only_who_decides_the_rules_knows_of_the_pages(client, town, address) -> None:
    assert client.get(address).status_code == 302  # to the sign-in
    for person in (town.superuser, town.technicians[0], town.school_leader):
        sign_in(client, person)
        assert client.get(address).status_code == 404
    assert client.post("/frister/ret", data=form(with_target("4 h"))).status_code == 404
    sign_in(client, town.municipal_admin)
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_every_page_with_targets_says_whose_numbers_they_are(admin, address) -> None:
    if "kalender" not in address:
        assert "kommunens egne, ikke kildedokumentets" in admin.get(address).text


def test_the_targets_stand_by_rung_and_priority(admin) -> None:
    page = admin.get("/frister?sektor=skole&spor=vejledning").text
    row = page.split("Superbruger</th>")[1].split("</tr>")[0]
    assert "1\xa0d" in row and "30\xa0min" in row
    assert "Udgave 1" in page and "Gælder nu" in page


def test_a_month_shows_hours_holidays_and_the_units_own_days(admin, town) -> None:
    change_days(town.school.id, actions.SYSTEM, datetime.now(UTC), source="side", add=[SHUT])
    whole = admin.get("/frister/kalender/skole?maaned=2026-09").text
    assert "07.45–15.00" in whole and "Pædagogisk dag" not in whole
    at_school = admin.get(f"/frister/kalender/skole?maaned=2026-09&enhed={town.school.id}").text
    assert "Pædagogisk dag" in at_school and "Forrige" in at_school
    assert "Juleaften" in admin.get("/frister/kalender/skole?maaned=2026-12").text
    assert "Store bededag" in admin.get("/frister/kalender/it?maaned=2023-05").text
    assert admin.get("/frister/kalender/ukendt").status_code == 404
    for odd in ("maaned=2026-13", "maaned=x", "enhed=999999999999", "maaned=99999-01"):
        assert admin.get(f"/frister/kalender/skole?{odd}").status_code == 200


def test_a_due_time_is_tried_with_the_days_that_it_is_made_of(admin) -> None:
    asked = "sector=skole&rung=superuser&lane=vejledning&priority=P3&start=2026-09-15T10:00"
    page = admin.get(f"/frister/proev?{asked}").text
    # Two school days of 7 t 15 min from Tuesday at ten: five hours, a whole day, and what is left.
    assert "tor.\xa017.\xa0sep." in page and "14\xa0t\xa030\xa0min" in page
    assert "07.45–10.00" in page
    changed = admin.get(f"/frister/proev?{asked}&rung_time=1 h").text
    assert "10.00–11.00" in changed
    wrong = admin.get(f"/frister/proev?{asked}&rung_time=snart").text
    assert "Skriv en tid som 15 min, 4 h eller 2 d." in wrong and 'value="snart"' in wrong


def test_a_wrong_text_is_told_in_danish_and_stays_typed(admin, session) -> None:
    texts = clock_config().texts
    wrong = ClockTexts(texts.calendars, texts.targets.replace("warn_share: 0.75", "warn_share: syv"))
    answer = admin.post("/frister/ret", data=form(wrong, reason="Ny aftale"))
    assert answer.status_code == 422
    assert "linje 16" in answer.text and "»warn_share«: skriv et tal" in answer.text
    assert answer.text.count("warn_share: syv") == 2  # beside the fault, and in the field
    assert 'value="Ny aftale"' in answer.text
    assert session.scalars(select(ClockEdition.number)).all() == [1]


def test_a_change_is_seen_before_it_is_saved(admin, session, town) -> None:
    texts = with_target("4 h")
    unseen = admin.post("/frister/ret", data=form(texts, what="apply", reason="Flere superbrugere"))
    assert "Se først, hvad ændringen gør" in unseen.text
    assert "1 af 1 åben sag følger andre mål" in unseen.text and "A-1001" in unseen.text
    assert session.scalars(select(ClockEdition.number)).all() == [1]
    # Seen for another reach is not seen.
    other = form(texts, what="apply", reason="Flere", reach="from_start", seen=seen(unseen.text))
    assert "Se først" in admin.post("/frister/ret", data=other).text
    without = admin.post("/frister/ret", data=form(texts, what="apply", seen=seen(unseen.text)))
    assert without.status_code == 422 and "Skriv, hvorfor fristerne ændres." in without.text
    done = admin.post("/frister/ret", data=form(texts, what="apply", seen=seen(unseen.text), reason="Flere"))
    assert done.status_code == 302
    session.rollback()
    made = session.scalars(select(ClockEdition).order_by(ClockEdition.number.desc())).first()
    assert (made.number, made.reason, made.reach) == (2, "Flere", Reach.FROM_NOW)
    assert made.made_by_id == town.municipal_admin.id
    assert made.targets == texts.targets and made.calendars == texts.calendars
    page = admin.get("/frister").text
    assert "Udgave 2 gælder nu" in page and "Kommunal Kær" in page
    shown = admin.get("/frister/udgave/2").text
    assert "+  - {for: {rung: superuser, priority: P3}, first_response: 1 d, rung: 4 h}" in shown


def test_a_due_time_is_tried_by_the_text_that_is_not_saved_yet(admin, session) -> None:
    asked = {"sector": "skole", "rung": "superuser", "lane": "vejledning", "priority": "P3", "unit": ""}
    sent = form(with_target("3 h"), what="try", start="2026-09-15T10:00", **asked)
    assert "10.00–13.00" in admin.post("/frister/ret", data=sent).text
    hours = form(with_school_hours("11:00-15:00"), what="try", start="2026-09-15T10:00", **asked)
    assert "11.00–15.00" in admin.post("/frister/ret", data=hours).text
    wrong = admin.post("/frister/ret", data={**sent, "start": "snart"}).text
    assert "Vælg en dato og et klokkeslæt." in wrong and "rung: 3 h" in wrong
    assert session.scalars(select(ClockEdition.number)).all() == [1]


def test_somebody_elses_edition_in_between_is_not_overwritten(admin, session, town) -> None:
    first, second = with_target("4 h"), with_target("5 h")
    looked_at = seen(admin.post("/frister/ret", data=form(second)).text)
    again = seen(admin.post("/frister/ret", data=form(first)).text)
    admin.post("/frister/ret", data=form(first, what="apply", seen=again, reason="Først"))
    late = admin.post("/frister/ret", data=form(second, what="apply", seen=looked_at, reason="Sidst"))
    assert late.status_code == 422 and "En anden har gemt udgave 2 imens" in late.text
    assert "rung: 5 h" in late.text
    session.rollback()
    assert clocks_of(session, town.municipality.id).texts == first


def test_the_last_quarter_is_replayed_by_rung_and_unit(admin, town) -> None:
    page = admin.post("/frister/ret", data=form(with_target("10 min"), what="replay")).text
    assert "1 sager er regnet om" in page
    assert "Superbruger" in page.split("De sidste 92 dage")[1]


def test_a_preview_shows_no_titles_that_one_may_not_read(admin, session, town) -> None:
    item = ask(town, town.school_indskoling, datetime.now(UTC) - timedelta(hours=1))
    actor = actions.Actor("person", town.superuser.id)
    actions.set_confidential(item.id, actor, datetime.now(UTC), confidential=True, reason="Følsomt")
    page = admin.post("/frister/ret", data=form(with_target("4 h"))).text
    assert "2 af 2 åbne sager" in page
    assert "A-1001" in page and "A-1002" not in page


def test_another_municipality_sees_its_own_editions_only(client, session, town) -> None:
    other = small_municipality("noerager")
    session.commit()
    sign_in(client, other.municipal_admin)
    assert client.get("/frister").status_code == 200
    assert client.get("/frister/udgave/1").status_code == 404
    foreign = client.get(f"/frister/kalender/skole?enhed={town.school.id}").text
    assert (
        "Engskolen" not in foreign
        or str(town.school.id) not in foreign.split("<select")[1].split("</select")[0]
    )


def test_the_pass_after_a_change_on_the_page_reaches_the_items(admin, session, town) -> None:
    texts = with_target("4 h")
    looked = seen(admin.post("/frister/ret", data=form(texts)).text)
    admin.post("/frister/ret", data=form(texts, what="apply", seen=looked, reason="Flere"))
    db.session.rollback()
    assert spread(datetime.now(UTC)) == 1

"""The plan as a table: read by leaders, its warnings cleared and its proposals decided by those who plan."""

import html
import io
import re
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.rollout.actions import save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.models import PlanImport, PlanProposal, PlanWarning
from ticketing.rollout.queries import activities, open_warnings, waiting_proposals

CHECKOUT = Path(__file__).parents[2]
SHIPPED = load_plan(CHECKOUT / "config")
TEXT = (CHECKOUT / "tests/rollout/texts/nordhavn.txt").read_bytes()


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def planned(town) -> SmallMunicipality:
    save_plan(town.municipality.id, SHIPPED, NOW)
    return town


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def upload(client, content: bytes = TEXT, name: str = "plan.txt", **more):
    return client.post("/plan/forslag", data={"file": (io.BytesIO(content), name)}, **more)


def proposals() -> list[PlanProposal]:
    return list(db.session.query(PlanProposal).order_by(PlanProposal.position))


def test_a_leader_reads_the_whole_plan(client, planned) -> None:
    sign_in(client, planned.school_leader)
    page = client.get("/plan")
    assert page.status_code == 200
    text = words(page.text)
    assert all(row.audience in text for row in SHIPPED.activities)
    assert "135 betalte pladser til 133 personer" in text and "40 bemærkninger" in text
    assert "Afklar" not in text and "Flyt" not in text


def test_who_has_no_overview_sees_no_plan(client, planned) -> None:
    sign_in(client, planned.teacher)
    assert client.get("/plan").status_code == 404
    assert client.get("/plan/forslag").status_code == 404


def test_a_leader_changes_nothing(client, planned) -> None:
    sign_in(client, planned.school_leader)
    warning = db.session.query(PlanWarning).first()
    assert client.post(f"/plan/bemaerkninger/{warning.id}/afklar", data={"reason": "x"}).status_code == 403
    assert client.get("/plan/forslag").status_code == 403
    assert upload(client).status_code == 403
    assert client.post("/plan/skabelon", data={"go-live-skole": "2027-08-16"}).status_code == 403


def test_a_warning_is_cleared_with_a_reason_and_opened_again(client, planned) -> None:
    sign_in(client, planned.municipal_admin)
    warning = db.session.query(PlanWarning).filter_by(code="W01").one()
    missing = client.post(f"/plan/bemaerkninger/{warning.id}/afklar", data={"reason": " "})
    assert missing.status_code == 422 and "hvordan det er afklaret" in missing.text
    done = client.post(
        f"/plan/bemaerkninger/{warning.id}/afklar", data={"reason": "Aftalt 28.02.2019", "key": "U10"}
    )
    assert done.location.endswith("/plan#U10")
    assert "Aftalt 28.02.2019" in client.get("/plan").text
    assert open_warnings(db.session(), planned.municipality.id) == 39
    client.post(f"/plan/bemaerkninger/{warning.id}/genaabn")
    assert open_warnings(db.session(), planned.municipality.id) == 40


def test_the_table_is_narrowed_by_sector_part_and_what_asks(client, planned) -> None:
    sign_in(client, planned.project_group[0])
    text = words(client.get("/plan?sektor=skole&kategori=training&kun=bemaerkninger").text)
    assert "Skolernes administrative personale" in text
    assert "Dagtilbuddenes øvrige personale" not in text and "Lokal opsætning" not in text
    assert "4 teknikere" not in text


def test_another_municipalitys_plan_and_warnings_are_not_there(client, planned) -> None:
    other = small_municipality("syd")
    sign_in(client, other.municipal_admin)
    assert "Der er ingen plan endnu" in client.get("/plan").text
    warning = db.session.query(PlanWarning).first()
    assert client.post(f"/plan/bemaerkninger/{warning.id}/afklar", data={"reason": "x"}).status_code == 404


def test_a_file_becomes_proposals_with_their_source_beside_them(client, town) -> None:
    sign_in(client, town.project_group[0])
    page = upload(client, follow_redirects=True)
    text = words(page.text)
    assert "12 forslag venter" in text and "Som der står" in text
    assert "uge 53 findes ikke i 2021" in text and "figur 2" in text and "36 Superbrugere på skolerne" in text
    assert list(activities(db.session(), town.municipality.id)) == []
    assert "læst før" in upload(client, follow_redirects=True).text
    assert db.session.query(PlanImport).count() == 1


def test_a_row_is_set_right_and_accepted(client, town) -> None:
    sign_in(client, town.municipal_admin)
    upload(client)
    row = next(row for row in proposals() if "uge 53" in row.raw)
    typed = {"audience": "Skolernes sekretærer", "start": "2022-01-03", "end": "2022-01-07", "sector": "skole"}
    wrong = client.post(f"/plan/forslag/raekke/{row.id}/godkend", data=typed | {"end": "2021-01-07"})
    assert wrong.status_code == 422 and "før den begynder" in wrong.text and 'value="2021-01-07"' in wrong.text
    assert client.post(f"/plan/forslag/raekke/{row.id}/godkend", data=typed).status_code == 302
    (made,) = activities(db.session(), town.municipality.id)
    assert (made.audience, str(made.baseline_start), str(made.baseline_end)) == (
        "Skolernes sekretærer",
        "2022-01-03",
        "2022-01-07",
    )
    assert "uge 53 2021" in made.raw
    again = client.post(f"/plan/forslag/raekke/{row.id}/godkend", data=typed, follow_redirects=True)
    assert "En anden har netop afgjort" in again.text


def test_a_row_is_rejected_with_a_reason_and_stays_to_be_read(client, town) -> None:
    sign_in(client, town.municipal_admin)
    upload(client)
    row = proposals()[0]
    assert client.post(f"/plan/forslag/raekke/{row.id}/afvis", data={"reason": ""}).status_code == 422
    page = client.post(
        f"/plan/forslag/raekke/{row.id}/afvis", data={"reason": "Dobbelt"}, follow_redirects=True
    )
    assert "Dobbelt" in page.text and "11 forslag venter" in words(page.text)


def test_what_is_read_without_a_doubt_is_accepted_at_once(client, town) -> None:
    sign_in(client, town.municipal_admin)
    upload(client)
    made = proposals()[0].import_id
    page = client.post(f"/plan/forslag/{made}/godkend-klare", follow_redirects=True)
    assert "3 rækker er godkendt" in words(page.text)
    assert waiting_proposals(db.session(), town.municipality.id) == 9


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("plan.csv", b"navn;postnummer\nx;1\n", "række 1"),
        ("plan.csv", "målgruppe;periode\nLærere;uge 53 2027\n".encode(), "uge 53 findes ikke"),
        ("plan.json", b"{nej", "plan.json:1"),
        ("brev.txt", "Kære alle. Vi ses på mandag.".encode(), "ingen rækker i filen"),
        ("plan.docx", b"PK\x03\x04", "er ikke et Word-dokument"),
        ("", b"", "Vælg en fil"),
    ],
)
def test_a_file_that_holds_no_plan_says_what_is_wrong(
    client, town, name: str, content: bytes, told: str
) -> None:
    sign_in(client, town.municipal_admin)
    page = upload(client, content, name)
    assert page.status_code == 422 and told in page.text
    assert db.session.query(PlanImport).count() == 0


def test_a_municipality_starts_from_the_template(client, town) -> None:
    sign_in(client, town.project_group[0])
    assert "Begynd med skabelonen" in client.get("/plan").text
    for day, told in (("", "mindst én dato"), ("2027-08-15", "på en arbejdsdag")):
        page = client.post("/plan/skabelon", data={"go-live-skole": day})
        assert page.status_code == 422 and told in page.text
    days = {"go-live-skole": "2027-08-16", "go-live-dagtilbud": "2028-01-17", "go-live-dagpleje": "2028-01-17"}
    page = client.post("/plan/skabelon", data=days, follow_redirects=True)
    assert "Planen er lagt med 38 aktiviteter" in page.text and "16. aug. 2027" in page.text
    assert client.post("/plan/skabelon", data=days).status_code == 422


def test_the_table_takes_a_fixed_number_of_statements(client, planned) -> None:
    sign_in(client, planned.municipal_admin)
    client.get("/plan")
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get("/plan")
    assert len(statements) <= 14

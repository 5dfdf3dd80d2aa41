"""Søg: one field, filters in the address, views that are kept and shared."""

import pytest

from tests.factories import SmallMunicipality, WorkItemFactory, small_municipality
from tests.insight.test_search import write
from tests.statements import statements
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle

#: Signing in a request's person takes four; the rest is the page's own, whatever there is to find.
MOST_STATEMENTS = 14


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


def test_the_page_finds_tickets_cards_and_colleagues(client, town) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title="Login <b>virker</b> ikke")
    write(item, "Hun kan ikke <script>logge</script> på")
    sign_in(client, town.superuser)
    shown = client.get("/soeg?q=login").text
    assert f"A-{item.number}" in shown
    assert "<b>virker" not in shown
    assert "Svarkort" in client.get("/soeg?q=mitid").text
    shown = client.get("/soeg?q=logge").text
    assert "<mark>logge</mark>" in shown
    assert "<script>logge" not in shown
    assert "Superbruger Strand" in client.get("/soeg?q=strand").text


def test_filters_stand_in_the_address(client, town) -> None:
    one = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
    other = WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er fuld", category="BESKED")
    sign_in(client, town.superuser)
    shown = client.get(f"/soeg?q=kalender&emne=BESKED&enhed={town.school.id}&tilstand=aaben").text
    assert other.title in shown
    assert one.title not in shown
    assert '<option value="BESKED" selected>' in shown


@pytest.mark.parametrize(
    "address",
    ["enhed=x", "trin=x&tilstand=y", "fra=i+dag&til=9999-12-31", "fra=0001-01-01", "har=99999999999999999999",
     "spurgt=4&foer=99999999999999999999999", "frist=1"],
)  # fmt: skip
def test_a_strange_address_has_a_page(client, town, address: str) -> None:
    sign_in(client, town.superuser)
    assert client.get(f"/soeg?{address}").status_code == 200


def test_an_address_that_no_database_can_hold_is_told_to_be_wrong(client, town) -> None:
    sign_in(client, town.superuser)
    assert client.get("/soeg?q=%00").status_code == 400


def test_a_slip_of_the_finger_is_put_right(client, town) -> None:
    WorkItemFactory(unit=town.school_indskoling, title="Kalenderen er tom")
    WorkItemFactory(unit=town.school_indskoling, title="Hemmelighedskræmmeri", confidential=True)
    sign_in(client, town.superuser)
    assert "kalenderen</a>?" in client.get("/soeg?q=kalendeern").text
    sign_in(client, town.school_leader)
    assert "Mente du" not in client.get("/soeg?q=hemmelighedskræmmerri").text


def test_a_view_of_ones_own_is_kept_and_removed(client, town) -> None:
    sign_in(client, town.superuser)
    page = client.post("/soeg/visninger", data={"name": "Sene", "frist": "over"}, follow_redirects=True).text
    assert 'href="/soeg?frist=over"' in page
    client.post("/log-ud")
    sign_in(client, town.second_superuser)
    assert "Sene" not in client.get("/soeg").text
    assert client.post("/soeg/visninger/1/fjern").status_code == 404
    client.post("/log-ud")
    sign_in(client, town.superuser)
    assert client.post("/soeg/visninger/1/fjern", follow_redirects=True).status_code == 200
    assert "frist=over" not in client.get("/soeg").text


def test_a_shared_view_is_for_its_step_and_by_an_administrator(client, town) -> None:
    sign_in(client, town.superuser)
    client.post("/soeg/visninger", data={"name": "Kapret", "step": "superuser", "q": "x"})
    client.post("/log-ud")
    sign_in(client, town.municipal_admin)
    client.post("/soeg/visninger", data={"name": "Ugens", "step": "superuser", "trin": "superuser"})
    client.post("/log-ud")
    sign_in(client, town.second_superuser)
    shown = client.get("/soeg").text
    assert "Ugens" in shown
    assert "Kapret" not in shown
    client.post("/log-ud")
    sign_in(client, town.pedagogue)
    assert "Ugens" not in client.get("/soeg").text


def test_the_page_asks_as_much_for_many_hits(client, town) -> None:
    sign_in(client, town.superuser)
    counts = []
    for size in (1, 40):
        for _ in range(size):
            write(WorkItemFactory(unit=town.school_indskoling, title="Login"), "Kan ikke logge på")
        client.get("/soeg?q=login")
        with statements() as seen:
            assert client.get("/soeg?q=login").status_code == 200
        counts.append(len([sql for sql, _values in seen if sql.startswith("SELECT")]))
    assert counts[0] == counts[1] <= MOST_STATEMENTS

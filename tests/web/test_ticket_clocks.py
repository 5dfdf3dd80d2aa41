"""The two clocks on the ticket page: one line of time, and a reckoning that a person can check."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tests.clocks.test_complaints import Case, at
from tests.factories import EventFactory, SmallMunicipality, WorkItemFactory, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.clocks.rules import ALWAYS, Calendar, OpeningHours, Version, parse_interval
from ticketing.clocks.story import Leg, Part, day_by_day
from ticketing.vocabulary import ClockKind, ClockState, Priority, Rung, State
from ticketing.web.clock_line import Due, draw
from ticketing.web.wording import due
from ticketing.work import actions
from ticketing.work.hypercare import set_go_live
from ticketing.work.sweep import sweep

CPH = ZoneInfo("Europe/Copenhagen")
OFFICE = Calendar(CPH, (Version(OpeningHours(((parse_interval("08:00-16:00"),),) * 5 + ((), ()))),))


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


class Browser:
    """Somebody at the ticket page at a given time, through the front door."""

    def __init__(self, client, case: Case) -> None:
        self.client, self.case = client, case

    def page(self, who, now: datetime) -> str:
        """The clocks' part of the page as a person reads it."""
        with time_machine.travel(now, tick=False):
            sign_in(self.client, who)
            html = self.client.get(f"/sager/{self.case.item.number}").text
        part = html[html.index('class="clocks"') : html.index('class="two-columns"')]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).replace("\u00a0", " ").split())

    def press(self, who, now: datetime, slug: str, **typed: str) -> None:
        with time_machine.travel(now, tick=False):
            sign_in(self.client, who)
            data = {"version": self.case.item.version, **typed}
            answer = self.client.post(f"/sager/{self.case.item.number}/{slug}", data=data)
            assert answer.status_code == 302, answer.text[:2000]


@pytest.fixture
def browser(client, town) -> Browser:
    return Browser(client, Case(town))


GIVEN = {
    "tried": "To telefoner",
    "affected": "one",
    "since": "i går",
    "error_text": "403",
    "reason": "Kan ikke",
}


def test_an_item_handed_up_late_does_not_charge_the_receiver(browser, town) -> None:
    """Two school days and two hours later: the superuser is late, the administrator has all of their time."""
    browser.press(town.superuser, at("wed", "10:00"), "loeft", **GIVEN)
    assert browser.case.clock(ClockKind.RUNG, 1).state is ClockState.MISSED
    shown = browser.page(town.municipal_admin, at("wed", "11:00"))
    assert "22 t 30 min − 1 t brugt = 21 t 30 min åbningstid tilbage" in shown
    assert "Mål: 3 åbningsdage = 22 t 30 min efter kalenderen »Forvaltning«" in shown
    assert "Superbruger · 16 t 30 min brugt af 14 t 30 min: for sent" in shown
    assert "Administrator · 1 t brugt af" in shown
    assert "Hele vejen i alt 17 t 30 min" in shown


def test_an_item_referred_down_does_not_charge_the_superuser_for_time_used_above(browser, town) -> None:
    browser.press(town.superuser, at("mon", "09:00"), "loeft", **GIVEN)
    browser.press(town.municipal_admin, at("wed", "09:00"), "henvis", reason="Det er brug")
    shown = browser.page(town.superuser, at("wed", "10:00"))
    assert "14 t 30 min − 1 t brugt = 13 t 30 min åbningstid tilbage" in shown
    assert "Hele vejen i alt 16 t 30 min" in shown


def test_the_reckoning_adds_up_and_ends_at_the_due_time(browser, town) -> None:
    case = browser.case
    case.do(actions.ask_requester, town.superuser, at("mon", "10:00"), text="Hvilken telefon?")
    case.writes(at("tue", "08:45"), "En iPhone")
    shown = browser.page(town.superuser, at("tue", "09:45"))
    rows = ["i går kl. 08.00 – kl. 10.00 Arbejdes på + 2 t + 2 t", "Afventer melder står stille står stille"]
    places = [shown.index(row) for row in (*rows, "i dag kl. 08.45 – nu Arbejdes på + 1 t + 1 t")]
    assert places == sorted(places)
    # 14 t 30 min less 3: five and a quarter today, the rest tomorrow from 07.45.
    rest = (
        "Dette trin, dag for dag fra nu i dag 5 t 15 min i morgen 6 t 15 min og så er det i morgen kl. 14.00."
    )
    assert rest in shown
    assert case.clock(ClockKind.RUNG).due_at == at("wed", "14:00")
    assert "Mål: 2 åbningsdage = 14 t 30 min efter kalenderen »Skole«" in shown


def test_a_pause_says_why_and_what_is_left(browser, town) -> None:
    browser.case.do(actions.ask_requester, town.superuser, at("mon", "10:00"), text="Hvilken telefon?")
    shown = browser.page(town.superuser, at("wed", "10:00"))
    assert "Uret står stille · afventer melder" in shown
    assert "14 t 30 min − 2 t brugt = 12 t 30 min åbningstid tilbage" in shown
    assert "Uret går igen, når sagen ikke længere afventer melder." in shown


def test_a_due_time_says_day_hour_and_what_is_left(client, town) -> None:
    browser = Browser(client, Case(town, at("mon", "08:00"), priority=Priority.P2))
    assert "Dette trin i dag kl. 12.00 · 2 t 10 min tilbage" in browser.page(town.superuser, at("mon", "09:50"))


def test_what_ran_out_says_when_and_by_how_much(browser, town) -> None:
    sweep(at("wed", "12:00"))
    shown = browser.page(town.superuser, at("wed", "12:00"))
    assert "18 t 30 min brugt af 14 t 30 min = 4 t for meget" in shown
    assert "Fristen var i dag kl. 08.00." in shown


def test_closed_hours_and_hypercare_are_explained(client, town) -> None:
    set_go_live(town.school.id, actions.SYSTEM, at("mon", "07:00"), at("mon", "07:00").date())
    browser = Browser(client, Case(town, at("mon", "08:00")))
    shown = browser.page(town.superuser, at("mon", "20:00"))
    assert "Kortere end normalt (14 t 30 min), fordi enheden lige går i drift." in shown
    assert "Lige nu er der lukket; uret går igen i morgen kl. 07.45." in shown


def test_a_warning_says_how_much_of_the_time_is_gone(client, town) -> None:
    """It said three quarters whatever the municipality's number was."""
    usual = Case(town)
    set_go_live(town.daycare.id, actions.SYSTEM, at("mon", "07:00"), at("mon", "07:00").date())
    care = Case(town, unit_id=town.daycare_room.id)
    for clock in ("12:00", "14:00"):
        sweep(at("mon", clock))
    sign_in(client, town.superuser)
    assert "75 % af tiden er gået: første svar" in client.get(f"/sager/{usual.item.number}").text
    sign_in(client, town.daycare_superuser)
    assert "50 % af tiden er gået: første svar" in client.get(f"/sager/{care.item.number}").text


def test_a_solved_item_keeps_its_line_and_its_verdict(browser, town) -> None:
    browser.case.do(actions.solve, town.superuser, at("mon", "10:00"), text="Sådan.")
    shown = browser.page(town.superuser, at("thu", "10:00"))
    assert "2 t brugt af 36 t 15 min · Nået til tiden" in shown
    assert "dag for dag" not in shown


def test_a_question_on_a_known_fault_says_what_it_waits_for(client, town) -> None:
    fault, case = Case(town), Case(town)
    fault.do(actions.make_known_fault, town.superuser, at("mon", "08:05"))
    case.do(actions.attach_to_fault, town.superuser, at("mon", "10:00"), fault_id=fault.id)
    shown = Browser(client, case).page(town.superuser, at("mon", "12:00"))
    assert "Sagen hænger på en kendt fejl" in shown
    assert "Venter på den kendte fejl – + 2 t" in shown


def test_a_history_that_cannot_be_replayed_still_has_a_page(client, town) -> None:
    item = WorkItemFactory(unit=town.school_indskoling, title="Indlæst sag")
    EventFactory(item=item, seq=1, data={"state": "new", "policy": {"warn_share": 0.75}})
    sign_in(client, town.superuser)
    assert "Indlæst sag" in client.get(f"/sager/{item.number}").text


MONDAY = datetime(2026, 11, 23, 8, tzinfo=CPH).astimezone(UTC)


def leg(begins: datetime, ends: datetime, visit: int = 1, *, runs: bool = True) -> Leg:
    part = Part(runs, OFFICE.elapsed(begins, ends) if runs else 0, "office")
    return Leg(begins, ends, None, visit, Rung.SUPERUSER, part, part)


def test_what_is_filled_on_the_line_is_what_is_used() -> None:
    """A night takes no more than a sliver, so lengths can be compared by eye."""
    hour = timedelta(hours=1)
    line = [leg(MONDAY, MONDAY + 6 * hour), leg(MONDAY + 6 * hour, MONDAY + 26 * hour, 2)]
    now, due = MONDAY + 26 * hour, Due(MONDAY + 28 * hour, OFFICE)
    drawn = draw(line, [OFFICE], CPH, now, due, due)
    first, *rest = (bar for bar in drawn.whole if bar.look == "run")
    assert sum(bar.width for bar in rest) == pytest.approx(first.width * 4 / 6, abs=0.1)
    (left,) = (bar for bar in drawn.whole if bar.look == "left")
    assert left.width == pytest.approx(first.width * 2 / 6, abs=0.1)
    assert (drawn.now, drawn.whole_due) == (left.x, 100.0)
    assert [stay.visit for stay in drawn.stays] == [1, 2]
    assert all(0 <= bar.x <= bar.x + bar.width <= 100.1 for bar in (*drawn.whole, *drawn.rung))
    assert not drawn.goes_on


def test_time_past_the_due_time_has_a_look_of_its_own() -> None:
    hour = timedelta(hours=1)
    line = [leg(MONDAY, MONDAY + 6 * hour)]
    drawn = draw(line, [OFFICE], CPH, MONDAY + 6 * hour, None, Due(MONDAY + 4 * hour, OFFICE))
    looks = {bar.look: bar.width for bar in drawn.rung}
    assert looks["run"] == pytest.approx(2 * looks["over"], abs=0.1)


def test_a_due_time_far_out_does_not_press_the_rest_into_a_corner() -> None:
    line = [leg(MONDAY, MONDAY + timedelta(hours=2))]
    far = Due(OFFICE.due(MONDAY, 200 * 3600), OFFICE)
    drawn = draw(line, [OFFICE], CPH, MONDAY + timedelta(hours=2), far, None)
    assert drawn.goes_on and drawn.whole_due is None
    assert drawn.now > 15


def test_a_line_of_a_year_stays_small() -> None:
    line = [leg(MONDAY, MONDAY + timedelta(days=365))]
    drawn = draw(line, [OFFICE, ALWAYS], CPH, MONDAY + timedelta(days=365), None, None)
    assert len(drawn.whole) < 400 and len(drawn.ticks) < 120
    assert sum(tick.is_named for tick in drawn.ticks) < 12


def test_day_by_day_gives_each_date_its_open_time() -> None:
    friday = datetime(2026, 11, 27, 14, tzinfo=CPH)
    days = day_by_day(OFFICE, friday, datetime(2026, 11, 30, 9, tzinfo=CPH))
    assert [seconds // 3600 for _, seconds in days] == [2, 0, 0, 1]


def test_a_list_hides_no_lateness_behind_a_wait() -> None:
    """Found by looking: an item that waited for the vendor never showed that the parent's time had run out."""
    now = at("mon", "10:00")
    asked = due(None, now, State.WAITING_REQUESTER)
    assert (asked.tone, asked.icon, asked.text, asked.left) == (
        "paused",
        "hourglass",
        "Uret står stille",
        "afventer melder",
    )
    in_time = due(now + timedelta(hours=2), now, State.WAITING_VENDOR)
    assert (in_time.tone, in_time.text) == ("paused", "frist i dag kl.\u00a012.00")
    late = due(now - timedelta(minutes=40), now, State.WAITING_VENDOR)
    assert (late.tone, late.icon, late.text) == ("late", "warning", "40 min over")

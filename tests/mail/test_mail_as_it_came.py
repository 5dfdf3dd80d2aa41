"""The mail as it came: one click off the ticket, cleaned each time, for those who may read all of it."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from tests.mail.letterbox import letter, multipart
from tests.mail.nasty import NASTY
from ticketing.mail.html_view import SANDBOX, clean, html_of
from ticketing.mail.ingest import ingest
from ticketing.mail.models import InboundMail
from ticketing.mail.quarantine import headers_shown
from ticketing.work.models import Attachment, WorkItem

HTML = "text/html; charset=utf-8"
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>klik</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>klik</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>klik</a>",
    "<iframe src='https://ond.example'></iframe>",
    "<object data='https://ond.example/x.swf'></object>",
    "<embed src='https://ond.example'>",
    "<form action='https://ond.example'><input name=kode><button>Log ind</button></form>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%;background:red'>dækket</div>",
    "<style>body{background:url(https://ond.example/spor)}</style>",
    "<link rel=stylesheet href='https://ond.example/s.css'>",
    "<base href='https://ond.example/'>",
    "<meta http-equiv=refresh content='0;url=https://ond.example'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<table background='https://ond.example/spor.gif'><tr><td>hej</td></tr></table>",
    "<img src='https://ond.example/spor.gif' alt='logo' width=1 height=1>",
    "<img src='cid:billede' srcset='https://ond.example/2x.png 2x'>",
    "<video poster='https://ond.example/p.png' src='https://ond.example/v.mp4'></video>",
    "<p onclick=alert(1) onmouseover='alert(2)'>tekst</p>",
    "<template><script>alert(1)</script></template>",
    "<details open ontoggle=alert(1)>x</details>",
    "<a href='https://ond.example' target='_top' ping='https://ond.example/p'>klik</a>",
    "<xml><x onbegin=alert(1)></x></xml>",
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    "<plaintext><script>alert(1)</script>",
]
RUNS_OR_LOADS = re.compile(
    r"<\s*(script|style|iframe|object|embed|form|input|button|link|base|meta|svg|math|video|audio|template)\b"
    r"|<[^>]+\s(on\w+|src|srcset|style|background|poster|ping)\s*="
    r"|href\s*=\s*[\"']?\s*(javascript|data|vbscript)",
    re.IGNORECASE,
)


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    return small_municipality()


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_hostile_is_left(html: str) -> None:
    assert not RUNS_OR_LOADS.search(clean(f"<p>før</p>{html}<p>efter</p>")), clean(html)
    assert "før" in clean(f"<p>før</p>{html}")


def test_a_letters_shape_is_kept_and_pictures_are_named_by_their_words() -> None:
    shown = clean("<h1>Hej</h1><ul><li><b>en</b></li></ul><table><tr><td colspan=2>to</td></tr></table>")
    assert "<li><b>en</b></li>" in shown
    assert 'colspan="2"' in shown
    assert "[skolens logo]" in clean("<img src='https://x.example/l.png' alt='skolens logo'>")


def test_a_link_opens_in_a_window_of_its_own_that_knows_nothing_of_us() -> None:
    shown = clean("<a href='https://x.example/a' target='_top'>klik</a>")
    assert 'target="_blank"' in shown
    assert "_top" not in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


def test_numbers_of_persons_are_masked_in_what_is_shown() -> None:
    raw = letter("<p>CPR 010190-1234 hos <b>os</b></p>", Content_Type=HTML)
    shown = html_of(raw)
    assert shown is not None
    assert "1234" not in shown


@pytest.mark.parametrize(
    "html",
    [
        "010190<b>-1234</b>",
        "010190&nbsp;1234",
        "<i>010</i>190-1<u>23</u>4",
        "0101&#57;0-1234",
        "010190&#x2d;1234",
    ],
)
def test_a_number_that_tags_or_entities_break_up_is_masked_too(html: str) -> None:
    shown = re.sub(r"<[^>]*>", "", clean(f"<p>Nummer {html} her &amp; nu</p>"))
    assert not re.search(r"\d", shown), shown
    assert "her &amp; nu" in shown


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>ind</li><li>CPR 010119-1234</li></ul><p>Se her</p>",
        "<p>010119-1234</p><p>Hej</p>",
        "<table><tr><td>1</td><td>0101191234</td><td>2</td></tr></table>",
        "<b>0101</b>19-1234<br>tekst",
    ],
)
def test_a_number_between_other_paragraphs_is_masked_too(html: str) -> None:
    """A number at the end of a line was seen in the frame: the next paragraph's word stood right behind it."""
    assert "1234" not in clean(html)


@pytest.mark.parametrize("name", NASTY)
def test_every_nasty_message_can_be_shown(name: str) -> None:
    """An 8-bit subject once ended the page: half surrogates can't be sent."""
    raw = NASTY[name][0]
    for shown in (html_of(raw) or "", *(value for pair in headers_shown(raw) for value in pair)):
        assert "\x00" not in shown
        shown.encode("utf-8")
    assert not RUNS_OR_LOADS.search(html_of(raw) or "")


def test_headers_are_shown_as_a_person_reads_them() -> None:
    shown = dict(headers_shown(letter(Subject="=?utf-8?q?Sp=C3=B8rgsm=C3=A5l_010119-1234?=")))
    assert shown["Subject"] == "Spørgsmål ******-****"


def test_pictures_become_their_words() -> None:
    shown = clean("<img src='https://ond.example/x' alt='logo &lt;b&gt;'><img src='cid:1'>")
    assert shown == "<em>[logo &lt;b&gt;]</em>"


def test_a_mail_without_html_has_none() -> None:
    assert html_of(letter("ren tekst")) is None


class TestThePage:
    @pytest.fixture
    def item(self, session: Session, town: SmallMunicipality) -> WorkItem:
        raw = letter(
            "<p>Skemaet er <b>tomt</b></p><script>alert(1)</script>",
            Content_Type=HTML,
            To="aula+school-indskoling@vesterkaer.example",
        )
        ingest(raw, town.municipality.id, NOW)
        return session.scalars(select(WorkItem)).one()

    def _path(self, session: Session, item: WorkItem) -> str:
        mail = session.scalars(select(InboundMail)).one()
        return f"/sager/A-{item.number}/mail/{mail.id}"

    def test_it_is_one_click_off_the_ticket_in_a_frame_of_its_own(
        self, session: Session, client: FlaskClient, town: SmallMunicipality, item: WorkItem
    ) -> None:
        path = self._path(session, item)
        sign_in(client, town.superuser)
        assert path in client.get(f"/sager/A-{item.number}").text
        page = client.get(path).text
        assert f'sandbox="{SANDBOX}" src="{path}/ramme"' in page
        assert "allow-scripts" not in page + SANDBOX
        assert "allow-same-origin" not in page + SANDBOX
        assert "<b>tomt</b>" not in page
        frame = client.get(f"{path}/ramme")
        assert "Skemaet er <b>tomt</b>" in frame.text
        assert "<script" not in frame.text
        policy = frame.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "sandbox" in policy

    def test_the_raw_message_is_for_the_holder_and_administrators(
        self, session: Session, client: FlaskClient, town: SmallMunicipality, item: WorkItem
    ) -> None:
        path = self._path(session, item)
        sign_in(client, town.superuser)
        assert client.get(f"{path}/raa").status_code == 404
        item.holder_id = town.superuser.id
        session.commit()
        assert client.get(f"{path}/raa").data.startswith(b"From:")
        sign_in(client, town.municipal_admin)
        assert client.get(f"{path}/raa").status_code == 200

    @pytest.mark.parametrize("scan", ["pending", "held"])
    def test_the_raw_message_hands_out_no_file_that_the_scanner_holds(
        self, session: Session, client: FlaskClient, town: SmallMunicipality, scan: str
    ) -> None:
        header = 'Content-Disposition: attachment; filename="a.zip"'
        raw = multipart((header, b"PK"), To="aula+school-indskoling@vesterkaer.example")
        ingest(raw, town.municipality.id, NOW)
        item = session.scalars(select(WorkItem)).one()
        item.holder_id = town.superuser.id
        path = self._path(session, item)
        sign_in(client, town.superuser)
        assert client.get(f"{path}/raa").status_code == 200
        session.execute(update(Attachment).values(scan=scan))
        session.commit()
        assert client.get(f"{path}/raa").status_code == 404
        assert "kan ikke hentes rå" in client.get(path).text

    def test_who_may_not_read_all_of_it_finds_nothing(
        self, session: Session, client: FlaskClient, town: SmallMunicipality, item: WorkItem
    ) -> None:
        path = self._path(session, item)
        for person in (town.pedagogue, town.school_leader, town.technicians[0], town.daycare_superuser):
            sign_in(client, person)
            for end in ("", "/ramme", "/raa"):
                assert client.get(f"{path}{end}").status_code == 404, (person.name, end)

    def test_another_items_address_does_not_open_it(
        self, session: Session, client: FlaskClient, town: SmallMunicipality, item: WorkItem
    ) -> None:
        mail = session.scalars(select(InboundMail)).one()
        other = letter("En anden sag", To="aula+school-indskoling@vesterkaer.example", From="b@b.example")
        number = ingest(other, town.municipality.id, NOW).number
        sign_in(client, town.superuser)
        assert client.get(f"/sager/A-{number}/mail/{mail.id}").status_code == 404

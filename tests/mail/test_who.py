"""Whose word counts on who wrote a mail, and what one may not do whom nobody vouches for."""

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.insight.test_unresolved import sign_in
from tests.mail.becoming import mails_to
from tests.mail.letterbox import letter
from ticketing.mail.parse import parse
from ticketing.settings import SettingsError, read_trusted_mail_hosts
from ticketing.vocabulary import RequesterRole
from ticketing.work import actions, links
from ticketing.work.models import Message, WorkItem

OURS = frozenset({"mx.vesterkaer.example"})
FAILS = "mx.vesterkaer.example; spf=fail smtp.mailfrom=x.example; dmarc=fail"
PASSES = "mx.vesterkaer.example; spf=pass; dkim=pass; dmarc=pass"


def with_results(*results: str) -> bytes:
    lines = "".join(f"Authentication-Results: {one}\r\n" for one in results)
    return lines.encode() + letter()


@pytest.mark.parametrize(
    ("results", "failed"),
    [
        ((FAILS,), True),
        ((PASSES,), False),
        (("evil.example; dmarc=pass", FAILS), True),
        (("evil.example; dmarc=fail", PASSES), False),
        ((FAILS, PASSES), True),
        ((PASSES, FAILS), False),
        (("MX.Vesterkaer.Example 1; dmarc=fail",), True),
        (("(mx) mx.vesterkaer.example; dmarc=fail (p=none dmarc=pass)",), True),
        (("mx.vesterkaer.example; spf=none (a (b) dmarc=fail); dmarc=pass",), False),
        (("mx.vesterkaer.example.evil.example; dmarc=fail",), False),
        (("spf=fail; dmarc=fail",), False),
        ((), False),
    ],
)
def test_only_the_newest_word_of_a_trusted_server_counts(results, failed) -> None:
    assert parse(with_results(*results), trusted_hosts=OURS).auth.failed is failed


def test_a_server_that_gives_no_name_is_trusted_by_a_dash() -> None:
    raw = with_results("spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=x.example; dkim=none; dmarc=fail")
    assert parse(raw, trusted_hosts=frozenset({"-"})).auth.failed


def test_without_the_setting_the_topmost_counts() -> None:
    assert parse(with_results("any.example; dmarc=fail", PASSES)).auth.failed
    assert not parse(with_results(PASSES, "any.example; dmarc=fail")).auth.failed


def test_the_setting_names_hosts() -> None:
    names = {"TICKETING_TRUSTED_MAIL_HOSTS": "MX1.example, mx2.example -"}
    assert read_trusted_mail_hosts(names) == {"mx1.example", "mx2.example", "-"}
    with pytest.raises(SettingsError, match="host names"):
        read_trusted_mail_hosts({"TICKETING_TRUSTED_MAIL_HOSTS": "http://mx"})


class TestUnconfirmed:
    def test_a_spoofed_result_does_not_make_an_employee(self, take_in, session, place, fresh_settings):
        """The sender's own header says "pass"; that of our server says "fail"."""
        fresh_settings(trusted_mail_hosts=OURS)
        raw = letter(From=place.teacher.email)
        spoofed = f"Authentication-Results: evil.example; dmarc=pass\r\nAuthentication-Results: {FAILS}\r\n"
        item = session.get(WorkItem, take_in(spoofed.encode() + raw).item_id)
        assert (item.requester_id, item.requester_role) == (None, RequesterRole.UNKNOWN)
        assert (item.logged_by_id, item.sender_verified) == (None, False)
        assert mails_to(session, place.teacher.email) == []

    def test_neither_writes_a_note_nor_takes_anything_up(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        actions.take(opened.item_id, actions.Actor("person", place.pedagogue.id), NOW)
        token = links.reply_token(place.municipality.id, opened.number)
        raw = letter(
            "Luk sagen",
            From=place.pedagogue.email,
            To=f"aula+{token}@vesterkaer.example",
            Message_ID="<falsk@z.example>",
            Authentication_Results=FAILS,
        )
        forged = take_in(raw, 5)
        assert (forged.kind, forged.item_id == opened.item_id) == ("opened", False)
        written = session.scalars(select(Message).where(Message.author_id == place.pedagogue.id)).all()
        assert written == []

    def test_queue_and_page_say_so_and_what_it_means(self, take_in, session, place, client):
        raw = letter(To="aula+daycare@vesterkaer.example", Authentication_Results=FAILS)
        opened, proven = (
            take_in(raw),
            take_in(letter(To="aula+daycare@vesterkaer.example", Message_ID="<2@x.y>")),
        )
        sign_in(client, place.pedagogue)
        assert client.get("/koe").text.count("Afsender ikke bekræftet") == 1
        assert "Ring, eller spørg på en anden vej" in client.get(f"/sager/A-{opened.number}").text
        assert "ikke bekræftet" not in client.get(f"/sager/A-{proven.number}").text

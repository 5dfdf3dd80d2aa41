"""What a colleague passes on is the question of whoever wrote it first."""

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.mail.becoming import mails_to, texts
from tests.mail.letterbox import letter, multipart
from tests.mail.nasty import NASTY
from ticketing.mail.forwarded import forwarded
from ticketing.mail.parse import parse
from ticketing.vocabulary import RequesterRole
from ticketing.work import actions, links
from ticketing.work.models import Attachment, Message, OutboxMessage, WorkItem

OUTLOOK_DA = """Kan I hjælpe hende? Hun har prøvet to gange.

Venlig hilsen
Lærer Lund

________________________________
Fra: Mor Mose <Mor@Privat.example>
Sendt: 4. maj 2026 10:00
Til: Lærer Lund <teacher@vesterkaer.example>; Kontoret
<kontor@vesterkaer.example>
Emne: Ugeplanen er tom

Hej

Jeg kan ikke se ugeplanen.
"""
OUTLOOK_EN = """Please help.

From: Mor Mose [mailto:mor@privat.example]
Sent: Monday, May 4, 2026 10:00 AM
To: Lund
Subject: Ugeplanen er tom

Hej

Jeg kan ikke se ugeplanen.
"""
GMAIL_DA = """Kan I hjælpe?

---------- Videresendt meddelelse ---------
Fra: Mor Mose <mor@privat.example>
Date: man. 4. maj 2026 kl. 10.00
Subject: Ugeplanen er tom
To: <teacher@vesterkaer.example>


Hej

Jeg kan ikke se ugeplanen.
"""
GMAIL_EN = GMAIL_DA.replace("Videresendt meddelelse", "Forwarded message").replace("Fra:", "From:")
APPLE_DA = """Kan I hjælpe?

Start på videresendt besked:

> Fra: Mor Mose <mor@privat.example>
> Emne: Ugeplanen er tom
> Dato: 4. maj 2026 kl. 10.00.00 CEST
> Til: teacher@vesterkaer.example
>
> Hej
>
> Jeg kan ikke se ugeplanen.
"""
APPLE_EN = """Kan I hjælpe?

Begin forwarded message:

From: Mor Mose <mor@privat.example>

Subject: Ugeplanen er tom

Date: 4 May 2026 at 10.00.00 CEST

To: teacher@vesterkaer.example

Hej

Jeg kan ikke se ugeplanen.
"""
INSIDE = letter(
    "Hej\r\n\r\nJeg kan ikke se ugeplanen.", Subject="Ugeplanen er tom", Message_ID="<first@privat.example>"
)


def from_teacher(body: str = OUTLOOK_DA, **changes) -> bytes:
    given = {
        "From": "Lærer Lund <teacher@vesterkaer.example>",
        "Subject": "VS: Ugeplanen er tom",
        "Message_ID": "<fwd@vesterkaer.example>",
        "Content_Type": "text/plain; charset=utf-8",
    }
    return letter(body, **{**given, **changes})


def attached(words: str = "Kan I hjælpe?") -> bytes:
    return multipart(
        ("Content-Type: text/plain; charset=utf-8", words),
        ("Content-Type: message/rfc822", INSIDE),
        From="teacher@vesterkaer.example",
        Subject="FW: Ugeplanen er tom",
        Message_ID="<fwd@vesterkaer.example>",
    )


@pytest.mark.parametrize("body", [OUTLOOK_DA, OUTLOOK_EN, GMAIL_DA, GMAIL_EN, APPLE_DA, APPLE_EN])
@pytest.mark.parametrize("prefix", ["VS: ", "fw:", "Fwd: ", "Videresendt: ", "[EKSTERN] FW: "])
def test_each_programs_way_of_passing_on_is_read(body: str, prefix: str) -> None:
    found = forwarded(parse(from_teacher(body, Subject=f"{prefix}Ugeplanen er tom")))
    assert found is not None
    assert (found.sender.name, found.sender.email) == ("Mor Mose", "mor@privat.example")
    assert found.subject == "Ugeplanen er tom"
    assert found.body == "Hej\n\nJeg kan ikke se ugeplanen."
    assert found.note.split("\n")[0] in (
        "Kan I hjælpe? ",
        "Kan I hjælpe?",
        "Please help.",
        "Kan I hjælpe hende? Hun har prøvet to gange.",
    )
    assert "videresendt" not in found.note.lower()
    assert "forwarded" not in found.note.lower()


@pytest.mark.parametrize("words", ["Kan I hjælpe?", ""])
def test_a_message_inside_the_message_is_read(words: str) -> None:
    found = forwarded(parse(attached(words)))
    assert found is not None
    assert (found.sender.email, found.note, found.body) == (
        "mor@privat.example",
        words,
        "Hej\n\nJeg kan ikke se ugeplanen.",
    )


@pytest.mark.parametrize(
    "raw",
    [
        from_teacher(Subject="Ugeplanen er tom"),
        from_teacher(Subject="SV: Ugeplanen er tom"),
        from_teacher("Fra: mandag\nTil: fredag\nkan ingen logge ind"),
        from_teacher(OUTLOOK_DA.replace("<Mor@Privat.example>", "")),
        from_teacher(OUTLOOK_DA.replace("Mor@Privat", "noreply@privat")),
        from_teacher(OUTLOOK_DA.replace("Mor@Privat.example", "teacher@vesterkaer.example")),
        from_teacher(""),
    ],
)
def test_all_else_is_the_senders_own(raw: bytes) -> None:
    assert forwarded(parse(raw)) is None


@pytest.mark.parametrize("name", NASTY)
def test_no_nasty_message_breaks_it(name: str) -> None:
    nasty = NASTY[name][0]
    for raw in (b"Subject: VS: hej\r\n" + nasty, attached().replace(INSIDE, nasty)):
        forwarded(parse(raw))


class TestPassedOn:
    def test_the_first_sender_asks_and_the_colleague_logged_it(self, take_in, session, place):
        outcome = take_in(from_teacher())
        item = session.get(WorkItem, outcome.item_id)
        assert (item.requester_email, item.requester_name) == ("mor@privat.example", "Mor Mose")
        assert (item.requester_id, item.requester_role) == (None, RequesterRole.UNKNOWN)
        assert (item.logged_by_id, item.title) == (place.teacher.id, "Ugeplanen er tom")
        assert item.unit_id == place.school_indskoling.id
        assert texts(session, item.id) == [
            "Hej\n\nJeg kan ikke se ugeplanen.",
            "Kan I hjælpe hende? Hun har prøvet to gange.",
        ]

    def test_the_colleagues_own_words_are_a_note_and_the_receipt_goes_to_the_first_sender(
        self, take_in, session, place
    ):
        item_id = take_in(from_teacher()).item_id
        question, note = session.scalars(select(Message).where(Message.item_id == item_id).order_by(Message.id))
        assert (question.is_public, note.is_public) == (True, False)
        assert note.author_id == place.teacher.id
        assert question.mail_id is not None
        [receipt] = mails_to(session, "mor@privat.example")
        assert receipt.purpose == "receipt"
        assert not [one for one in mails_to(session, place.teacher.email) if one.purpose == "receipt"]
        assert all("prøvet to gange" not in one.body for one in session.scalars(select(OutboxMessage)))

    def test_the_first_senders_answer_joins(self, take_in, session):
        opened = take_in(from_teacher())
        [receipt] = mails_to(session, "mor@privat.example")
        back = letter("Tak", In_Reply_To=receipt.mail_message_id, Message_ID="<svar@privat.example>")
        assert take_in(back, 5).item_id == opened.item_id

    def test_a_message_inside_brings_its_files_and_its_thread(self, take_in, session):
        item_id = take_in(attached()).item_id
        [receipt] = mails_to(session, "mor@privat.example")
        assert receipt.in_reply_to == "<first@privat.example>"
        kept = session.scalars(select(Attachment.name).where(Attachment.item_id == item_id)).all()
        assert kept == ["Ugeplanen er tom.eml"]

    def test_an_employees_mail_passed_on_is_that_employees(self, take_in, session, place):
        body = OUTLOOK_DA.replace("Mor@Privat.example", place.pedagogue.email)
        item = session.get(WorkItem, take_in(from_teacher(body)).item_id)
        assert (item.requester_id, item.logged_by_id) == (place.pedagogue.id, place.teacher.id)
        assert item.unit_id != place.school_indskoling.id

    def test_one_who_is_not_confirmed_passes_nothing_on(self, take_in, session, place):
        raw = from_teacher(Authentication_Results="mx; dmarc=fail")
        item = session.get(WorkItem, take_in(raw).item_id)
        assert (item.requester_email, item.logged_by_id) == ("teacher@vesterkaer.example", None)
        assert not item.sender_verified
        assert session.scalars(select(OutboxMessage)).all() == []

    def test_nor_does_one_who_is_no_colleague(self, take_in, session):
        item = session.get(WorkItem, take_in(from_teacher(From="far@privat.example")).item_id)
        assert (item.requester_email, item.logged_by_id) == ("far@privat.example", None)
        assert mails_to(session, "mor@privat.example") == []

    def test_our_own_mail_passed_on_is_the_colleagues_question(self, take_in, session, place):
        body = OUTLOOK_DA.replace("Mor@Privat.example", "aula@vesterkaer.example")
        item = session.get(WorkItem, take_in(from_teacher(body)).item_id)
        assert item.requester_id == place.teacher.id

    def test_delivered_twice_it_is_one(self, take_in):
        first, second = take_in(from_teacher()), take_in(from_teacher(), 2)
        assert (second.seen_before, second.item_id) == (True, first.item_id)


def test_an_answer_to_a_notice_stays_internal_also_from_one_who_asked(take_in, session, place):
    """Zammad: a reply to an internal note went out to the customer."""
    opened = take_in(letter(From=place.pedagogue.email, To="aula+daycare@vesterkaer.example"))
    holder = actions.Actor("person", place.daycare_superuser.id)
    actions.take(opened.item_id, holder, NOW)
    actions.watch(opened.item_id, actions.Actor("person", place.pedagogue.id), NOW)
    notice = links.message_id(place.municipality, "notice", opened.number, 2, place.pedagogue.email)
    raw = letter(
        "Kun til os", From=place.pedagogue.email, In_Reply_To=notice, Message_ID="<n@vesterkaer.example>"
    )
    assert take_in(raw, 5).item_id == opened.item_id
    last = session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert (last.body, last.is_public) == ("Kun til os", False)

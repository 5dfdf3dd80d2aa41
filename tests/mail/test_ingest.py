"""Mail in: what each message becomes."""

from sqlalchemy import select

from tests.factories import NOW
from tests.mail.becoming import mails_to, reply_to, solve, texts
from tests.mail.letterbox import letter
from ticketing.mail.models import InboundMail
from ticketing.vocabulary import RequesterRole, State
from ticketing.work import actions, links
from ticketing.work.models import Event, Message, WorkItem


class TestOpening:
    def test_unknown_sender_lands_in_the_municipalitys_triage_and_gets_a_receipt(self, take_in, session, place):
        outcome = take_in(letter())
        item = session.get(WorkItem, outcome.item_id)
        assert outcome.kind == "opened"
        assert (item.unit_id, item.requester_role) == (place.root.id, RequesterRole.UNKNOWN)
        assert item.requester_email == "mor@privat.example"
        [receipt] = mails_to(session, "mor@privat.example")
        assert (receipt.purpose, receipt.in_reply_to) == ("receipt", "<m1@privat.example>")

    def test_address_of_an_institution_leads_to_it(self, take_in, session, place):
        outcome = take_in(letter(To="aula+daycare@vesterkaer.example"))
        assert session.get(WorkItem, outcome.item_id).unit_id == place.daycare.id

    def test_institution_address_in_another_case_and_only_in_delivered_to(self, take_in, session, place):
        raw = letter(To="undisclosed-recipients:;", Delivered_To="Aula+DayCare@Vesterkaer.example")
        assert session.get(WorkItem, take_in(raw).item_id).unit_id == place.daycare.id

    def test_employee_is_known_by_address(self, take_in, session, place):
        item = session.get(WorkItem, take_in(letter(From="teacher@vesterkaer.example")).item_id)
        assert (item.unit_id, item.requester_id) == (place.school_indskoling.id, place.teacher.id)
        assert item.requester_role == RequesterRole.EMPLOYEE

    def test_second_question_of_a_parent_goes_to_the_same_institution(self, take_in, session, place):
        take_in(letter(To="aula+daycare@vesterkaer.example"))
        second = take_in(letter("Noget helt andet", Message_ID="<m2@privat.example>"), 5)
        assert session.get(WorkItem, second.item_id).unit_id == place.daycare.id

    def test_employee_whose_address_is_forged_is_not_taken_for_the_employee(self, take_in, session, place):
        raw = letter(From="teacher@vesterkaer.example", Authentication_Results="mx; spf=fail; dmarc=fail")
        item = session.get(WorkItem, take_in(raw).item_id)
        assert (item.requester_id, item.sender_verified) == (None, False)
        assert mails_to(session, "teacher@vesterkaer.example") == []

    def test_attachments_come_along(self, take_in, session):
        from tests.mail.letterbox import multipart
        from ticketing.work.models import Attachment

        raw = multipart(
            ("Content-Type: text/plain", "Se billedet"),
            ('Content-Type: image/png; name="fejl.png"', b"\x89PNG\r\n\x1a\n" + b"0" * 40),
        )
        item_id = take_in(raw).item_id
        [kept] = session.scalars(select(Attachment).where(Attachment.item_id == item_id))
        assert (kept.name, kept.media_type) == ("fejl.png", "image/png")

    def test_mail_without_sender_or_text_is_a_ticket_all_the_same(self, take_in):
        assert take_in(letter("", From=None, Subject=None, Message_ID=None)).kind == "opened"

    def test_cpr_number_is_not_kept_in_the_ticket(self, take_in, session):
        item_id = take_in(letter("Min søn 010119-1234", Subject="010119-1234")).item_id
        assert "010119" not in session.get(WorkItem, item_id).title + "".join(texts(session, item_id))


class TestReplies:
    def test_reply_to_a_solved_ticket_opens_it_again(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        solve(opened.item_id, place)
        solved = mails_to(session, "mor@privat.example")[-1]
        assert take_in(reply_to(solved), 120).kind == "joined"
        assert session.get(WorkItem, opened.item_id).state == State.REOPENED

    def test_reply_long_after_opens_a_new_ticket_that_points_back(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        solve(opened.item_id, place)
        solved = mails_to(session, "mor@privat.example")[-1]
        late = take_in(reply_to(solved), 60 * 24 * 60)
        assert (late.kind, late.item_id == opened.item_id) == ("opened", False)
        assert f"A-{opened.number}" in texts(session, late.item_id)[-1]

    def test_colleagues_reply_to_a_notice_stays_internal(self, take_in, session, place):
        opened = take_in(letter(To="aula+daycare@vesterkaer.example"))
        colleague = place.pedagogue
        actions.take(opened.item_id, actions.Actor("person", colleague.id), NOW)
        token = links.reply_token(place.municipality.id, opened.number)
        raw = letter(
            "Ring til forælderen",
            From=colleague.email,
            To=f"aula+{token}@vesterkaer.example",
            Message_ID="<intern@vesterkaer.example>",
        )
        assert take_in(raw, 5).kind == "joined"
        last = session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert (last.is_public, last.author_id) == (False, colleague.id)
        assert len(mails_to(session, "mor@privat.example")) == 1

    def test_quoted_history_is_folded(self, take_in, session):
        opened = take_in(letter())
        [receipt] = mails_to(session, "mor@privat.example")
        body = (
            "Nej\n\nDen 4. maj 2026 kl. 10.05 skrev Aula-support <aula@vesterkaer.example>:\n> Hej\n> med dig\n"
        )
        take_in(reply_to(receipt, body), 5)
        last = session.scalars(
            select(Message).where(Message.item_id == opened.item_id).order_by(Message.id.desc())
        ).first()
        assert last.body == "Nej"
        assert "> med dig" in last.folded


class TestQuarantine:
    def test_what_is_no_message_is_kept_whole_with_a_reason(self, take_in, session):
        outcome = take_in(b"\x00\x01\x02 rubbish")
        assert (outcome.kind, outcome.reason) == ("quarantine", "it has no header line")
        assert session.scalars(select(InboundMail)).one().raw == b"\x00\x01\x02 rubbish"
        assert take_in(b"\x00\x01\x02 rubbish").seen_before

    def test_what_the_actions_refuse_is_kept_and_nothing_else_is(self, take_in, session, monkeypatch):
        def refuse(*_args, **_more):
            raise actions_errors.UnknownTarget

        from ticketing.work import errors as actions_errors

        monkeypatch.setattr(actions, "open_ticket", refuse)
        assert take_in(letter()).kind == "quarantine"
        assert session.scalars(select(Event)).all() == []
        assert session.scalars(select(InboundMail)).one().outcome == "quarantine"

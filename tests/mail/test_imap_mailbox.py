"""A mailbox behind a real IMAP server: what is new is taken in once, marked only then, and never deleted."""

import secrets
import socket
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.mail.conftest import SECRET
from tests.mail.letterbox import letter
from tests.mail.reading import numbered, tickets
from tests.mail.servers.dovecot import PASSWORD, QUARANTINE, MailUser
from ticketing.mail import ingest as intake
from ticketing.mail import polling
from ticketing.mail.gateways import GatewayError, Trouble
from ticketing.mail.gateways.imap import ImapGateway
from ticketing.mail.models import InboundMail, MailboxState
from ticketing.mail.polling import poll, poll_due
from ticketing.work.models import WorkItem

SOON = NOW + timedelta(minutes=1)


@pytest.fixture
def login() -> str:
    """A mailbox that nobody has used before."""
    return f"aula{secrets.token_hex(6)}@vesterkaer.example"


@pytest.fixture
def user(imap_server, login):
    made = MailUser(imap_server, login)
    yield made
    made.close()


@pytest.fixture
def box(configure, imap_server, login, place, monkeypatch):
    monkeypatch.setenv(SECRET, PASSWORD)

    def add(**keys):
        usual = {
            "protocol": "imap",
            "server": f"127.0.0.1:{imap_server.port}",
            "security": "none",
            "address": login,
        }
        return configure(**{**usual, **keys})

    return add


class TestReading:
    def test_unread_mail_becomes_tickets_and_is_marked_read(self, box, user, session):
        user.receive(*numbered(1, 2, 3))
        result = poll(box(), NOW)
        assert (result.taken, result.again, result.more) == (3, 0, False)
        assert tickets(session) == 3
        assert user.flags() == [r"\Seen"] * 3

    def test_the_raw_message_is_kept_byte_for_byte(self, box, user, session):
        user.receive(*numbered(1))
        poll(box(), NOW)
        assert [bytes(raw) for raw in session.scalars(select(InboundMail.raw))] == numbered(1)

    def test_mail_that_was_read_before_the_start_is_history(self, box, user, session):
        user.receive(*numbered(1, 2), flags=r"\Seen")
        user.receive(*numbered(3))
        assert poll(box(), NOW).taken == 1

    def test_mail_that_somebody_read_first_is_not_lost(self, box, user, session):
        """The complaint: a colleague looked into the shared mailbox, and the mail never became a ticket."""
        mailbox = box()
        poll(mailbox, NOW)
        user.receive(*numbered(1), flags=r"\Seen")
        assert poll(mailbox, SOON).taken == 1
        assert tickets(session) == 1

    def test_a_second_look_finds_nothing(self, box, user):
        mailbox = box()
        user.receive(*numbered(1))
        assert poll(mailbox, NOW).taken == 1
        again = poll(mailbox, SOON)
        assert (again.taken, again.again) == (0, 0)

    def test_a_long_backlog_comes_in_batches(self, box, user, session, monkeypatch):
        monkeypatch.setattr(polling, "BATCH", 2)
        user.receive(*numbered(1), flags=r"\Seen")
        user.receive(*numbered(2, 3, 4, 5, 6))
        box()
        results = poll_due(NOW)
        assert [(one.taken, one.more) for one in results] == [(2, True), (2, True), (1, False)]
        assert tickets(session) == 5

    def test_a_mailbox_made_anew_on_the_server_loses_nothing_and_doubles_nothing(self, box, user, session):
        """UIDVALIDITY changes: the server has forgotten what its numbers meant."""
        mailbox = box()
        user.receive(*numbered(1, 2))
        poll(mailbox, NOW)
        state = session.get(MailboxState, mailbox.key)
        state.cursor = "1:77:70:0"
        session.commit()
        user.receive(*numbered(3), flags=r"\Seen")
        result = poll(mailbox, SOON)
        assert (result.taken, result.again) == (1, 2)
        assert tickets(session) == 3

    def test_another_folder_begins_anew(self, box, user, configure):
        mailbox = box()
        poll(mailbox, NOW)
        user.receive(*numbered(1), folder="Behandlet")
        moved = box(key="faelles2", folder="Behandlet")
        assert poll(moved, NOW).taken == 1

    def test_a_message_to_two_mailboxes_is_one_ticket(self, box, user, session, imap_server, login):
        """The complaint: one mail to two of our addresses made two tickets."""
        school = f"skolen-{login}"
        other = MailUser(imap_server, school)
        user.receive(*numbered(1))
        other.receive(*numbered(1))
        box()
        box(key="skolen", address=school, unit="school")
        assert [(one.taken, one.again) for one in poll_due(NOW)] == [(1, 0), (0, 1)]
        assert tickets(session) == 1
        assert other.flags() == [r"\Seen"]
        other.close()

    def test_an_institutions_own_mailbox_leads_to_its_triage(self, box, user, session, place):
        user.receive(letter(To="Engskolen <skolen@vesterkaer.example>"))
        poll(box(unit="school"), NOW)
        assert session.scalars(select(WorkItem.unit_id)).one() == place.school.id


class TestOrderOfWriting:
    def test_marked_only_when_it_is_in_our_database(self, box, user, session, monkeypatch):
        user.receive(*numbered(1, 2))
        mailbox = box()

        def killed(*_args, **_named):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(intake, "ingest", killed)
            with pytest.raises(KeyboardInterrupt):
                poll(mailbox, NOW)
        assert user.flags() == ["", ""]
        assert poll(mailbox, SOON).taken == 2

    def test_died_before_it_was_marked_and_comes_again_without_a_second_ticket(
        self, box, user, session, monkeypatch
    ):
        user.receive(*numbered(1, 2))
        mailbox = box()

        def killed(*_args):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(ImapGateway, "mark_handled", killed)
            with pytest.raises(KeyboardInterrupt):
                poll(mailbox, NOW)
        assert tickets(session) == 1
        result = poll(mailbox, SOON)
        assert (result.taken, result.again) == (1, 1)
        assert tickets(session) == 2
        assert user.flags() == [r"\Seen"] * 2

    def test_handled_mail_moves_to_its_folder_and_nothing_else_does(self, box, user):
        user.receive(letter("Slettes af en anden", Message_ID="<d@x.example>"), flags=r"\Deleted \Seen")
        user.receive(*numbered(1))
        poll(box(handled_folder="Behandlet"), NOW)
        assert user.bodies("Behandlet") == numbered(1)
        assert user.flags("Behandlet") == [r"\Seen"]
        assert set(user.flags()[0].split()) == {r"\Seen", r"\Deleted"}

    def test_what_is_no_message_goes_to_the_quarantine_folder_unread(self, box, user, session):
        user.receive(b"\x01\x02 no header here\r\n", *numbered(1))
        result = poll(box(), NOW)
        assert (result.taken, result.quarantined) == (2, 1)
        assert len(user.bodies(QUARANTINE)) == 1
        assert user.flags(QUARANTINE) == [""]

    def test_a_message_that_breaks_our_program_is_kept_and_holds_up_nobody(
        self, box, user, session, monkeypatch
    ):
        real = intake.ingest

        def breaks(raw, *args, **named):
            if b"gift" in raw:
                raise RecursionError
            return real(raw, *args, **named)

        monkeypatch.setattr(intake, "ingest", breaks)
        user.receive(letter("gift", Message_ID="<gift@x.example>"), *numbered(1))
        result = poll(box(), NOW)
        assert (result.taken, result.quarantined) == (2, 1)
        kept = session.scalars(select(InboundMail).where(InboundMail.outcome == "quarantine")).one()
        assert b"gift" in bytes(kept.raw) and "RecursionError" in kept.reason

    def test_a_database_that_is_away_leaves_the_message_on_the_server(self, box, user, monkeypatch):
        from sqlalchemy.exc import OperationalError

        def away(*_args, **_named):
            raise OperationalError("INSERT", {}, Exception("disk is full"))

        user.receive(*numbered(1))
        mailbox = box()
        with monkeypatch.context() as patch:
            patch.setattr(intake, "ingest", away)
            with pytest.raises(OperationalError):
                poll(mailbox, NOW)
        assert user.flags() == [""]
        assert poll(mailbox, SOON).taken == 1


class TestOneReader:
    def test_a_mailbox_is_read_by_one_at_a_time(self, box, user, session):
        mailbox = box()
        poll(mailbox, NOW)
        state = session.get(MailboxState, mailbox.key)
        state.leased_by, state.leased_until = "another-host/1/abc", SOON + timedelta(seconds=30)
        session.commit()
        user.receive(*numbered(1))
        assert poll(mailbox, SOON) is None
        assert poll(mailbox, SOON + timedelta(minutes=2)).taken == 1

    def test_nobody_waits_for_a_reader_of_this_host_that_died(self, box, user, session):
        mailbox = box()
        poll(mailbox, NOW)
        host = polling._me(0).split("/")[0]
        state = session.get(MailboxState, mailbox.key)
        state.leased_by, state.leased_until = f"{host}/999999999/abc", SOON + timedelta(seconds=30)
        session.commit()
        assert poll(mailbox, SOON) is not None

    def test_it_is_looked_into_again_when_its_time_comes(self, box, user):
        mailbox = box(poll_seconds=60)
        assert poll(mailbox, NOW) is not None
        assert poll(mailbox, NOW + timedelta(seconds=59)) is None
        assert poll(mailbox, NOW + timedelta(seconds=60)) is not None


def trouble(mailbox) -> Trouble:
    result = poll(mailbox, NOW)
    assert result is not None and result.error is not None
    return result.error.trouble


class TestWhatIsWrong:
    def test_a_wrong_password(self, box, monkeypatch):
        monkeypatch.setenv(SECRET, "forkert")
        assert trouble(box()) is Trouble.CREDENTIALS

    def test_no_secret_in_the_environment(self, box, monkeypatch):
        monkeypatch.delenv(SECRET)
        assert trouble(box()) is Trouble.SECRET

    def test_a_folder_that_is_not_there(self, box):
        mailbox = box(folder="Findes ikke")
        result = poll(mailbox, NOW)
        assert result.error.trouble is Trouble.FOLDER
        assert "INBOX" in result.error.detail and QUARANTINE in result.error.detail

    def test_a_server_that_is_not_there(self, box):
        assert trouble(box(server="127.0.0.1:1")) is Trouble.UNREACHABLE
        assert trouble(box(key="b", server="intet.invalid", security="tls", folder="x")) is Trouble.UNREACHABLE

    def test_a_certificate_that_nobody_vouches_for(self, box, imap_server):
        secure = {"server": f"127.0.0.1:{imap_server.tls_port}", "security": "tls"}
        assert trouble(box(**secure)) is Trouble.CERTIFICATE

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_a_certificate_of_an_authority_of_our_own(self, box, user, imap_server, certificates, security):
        port = imap_server.tls_port if security == "tls" else imap_server.port
        user.receive(*numbered(1))
        secure = {"server": f"127.0.0.1:{port}", "security": security}
        assert poll(box(**secure, ca_file=certificates.authority), NOW).taken == 1

    def test_tls_where_the_server_speaks_none(self, box, imap_server):
        assert trouble(box(security="tls")) is Trouble.SECURITY

    def test_a_server_in_trouble_is_asked_less_and_less_often(self, box, user, session, imap_server):
        mailbox = box(server="127.0.0.1:1")
        at, waits = NOW, []
        for _ in range(9):
            assert poll(mailbox, at).error is not None
            after = session.get(MailboxState, mailbox.key, populate_existing=True).next_poll_at
            waits.append((after - at).total_seconds())
            at = after
        assert waits == [60, 120, 240, 480, 960, 1800, 1800, 1800, 1800]

    def test_a_wrong_password_is_not_tried_until_the_account_is_locked(self):
        wrong = GatewayError(Trouble.CREDENTIALS, "no")
        assert polling.wait_after(wrong, 1, 30) == timedelta(minutes=5)

    def test_a_connection_that_breaks_in_the_middle_is_taken_up_again(
        self, box, user, session, monkeypatch, imap_server
    ):
        user.receive(*numbered(1, 2, 3))
        mailbox = box()
        real, read = ImapGateway.read, []

        def breaks(self, handle):
            read.append(handle)
            if len(read) == 2:
                self._box.client.sock.shutdown(socket.SHUT_RDWR)
            return real(self, handle)

        monkeypatch.setattr(ImapGateway, "read", breaks)
        assert poll(mailbox, NOW).error.trouble is Trouble.UNREACHABLE
        assert tickets(session) == 1
        assert poll(mailbox, SOON).taken == 2
        assert tickets(session) == 3

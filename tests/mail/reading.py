"""What every mailbox over HTTP must do when it is read, whichever protocol it speaks."""

from datetime import timedelta

from sqlalchemy import func, select

from tests.factories import NOW
from tests.mail.letterbox import letter
from ticketing.mail.polling import poll, poll_until_empty
from ticketing.work.models import WorkItem

SOON = NOW + timedelta(minutes=1)


def numbered(*numbers: int) -> list[bytes]:
    return [letter(f"Spørgsmål {n}", Message_ID=f"<n{n}@x.example>") for n in numbers]


def tickets(session) -> int:
    return session.scalar(select(func.count()).select_from(WorkItem))


class Reading:
    """What a mailbox does that hands out its messages by change; `box` and `server` are the module's own."""

    def test_unread_mail_becomes_tickets_and_is_marked_read(self, box, server, session):
        server.store.receive(*numbered(1, 2, 3))
        result = poll(box(), NOW)
        assert (result.taken, result.more, result.error) == (3, False, None)
        assert tickets(session) == 3
        assert all(one.is_read for one in server.store.inside("inbox"))

    def test_only_what_is_new_comes_next_time(self, box, server):
        mailbox = box()
        server.store.receive(*numbered(1))
        poll(mailbox, NOW)
        server.store.receive(*numbered(2), is_read=True)
        result = poll(mailbox, SOON)
        assert (result.taken, result.again) == (1, 0)

    def test_mail_read_before_the_start_is_history(self, box, server):
        server.store.receive(*numbered(1, 2), is_read=True)
        server.store.receive(*numbered(3))
        far_on = NOW + timedelta(days=3650)
        assert poll(box(), far_on).taken == 1

    def test_pages_smaller_than_asked_for_are_followed(self, box, server, session):
        server.page_size = 2
        server.store.receive(*numbered(1, 2, 3, 4, 5))
        results = poll_until_empty(box(), NOW)
        assert [(one.taken, one.more) for one in results] == [(2, True), (2, True), (1, False)]
        assert tickets(session) == 5

    def test_a_forgotten_place_begins_anew_and_doubles_nothing(self, box, server, session):
        mailbox = box()
        server.store.receive(*numbered(1, 2))
        poll(mailbox, NOW)
        server.store.receive(*numbered(3))
        server.forgets = True
        result = poll(mailbox, SOON)
        assert result.error is None and tickets(session) == 3

    def test_a_folder_of_choice_and_one_for_what_is_handled(self, box, server):
        server.store.receive(*numbered(1), folder="f-aula")
        server.store.receive(*numbered(2))
        assert poll(box(folder="INBOX/Aula", handled_folder="Behandlet"), NOW).taken == 1
        assert server.store.bodies("f-behandlet") == numbered(1)
        assert server.store.bodies("inbox") == numbered(2)

    def test_what_is_no_message_goes_to_quarantine(self, box, server):
        server.store.receive(b"\x01\x02 nothing\r\n", *numbered(1))
        result = poll(box(), NOW)
        assert (result.taken, result.quarantined) == (2, 1)
        assert len(server.store.inside("f-karantaene")) == 1
        assert not server.store.inside("f-karantaene")[0].is_read

"""Mail that comes is read at once: a listener hears of it and the next look is now, not in half a minute."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.mail.conftest import SECRET
from tests.mail.letterbox import letter
from tests.mail.servers.dovecot import PASSWORD, MailUser
from ticketing.jobs.listening import Listeners
from ticketing.mail.models import MailboxState
from ticketing.mail.polling import poll

pytestmark = pytest.mark.one_engine


def test_new_mail_hastens_the_next_look(app, session, configure, place, monkeypatch, imap_server) -> None:
    monkeypatch.setenv(SECRET, PASSWORD)
    mailbox = configure(
        protocol="imap",
        server=f"127.0.0.1:{imap_server.port}",
        security="none",
        address="lyt@vesterkaer.example",
        poll_seconds=3600,
    )
    poll(mailbox, datetime.now(UTC))
    heard, listening = threading.Event(), threading.Event()
    listeners = Listeners(app, lambda: listening.set() or True, heard.set)
    listeners.start()
    user = MailUser(imap_server, "lyt@vesterkaer.example")
    assert listening.wait(5)
    give_up = datetime.now(UTC) + timedelta(seconds=20)
    number = 0
    while not heard.wait(0.5) and datetime.now(UTC) < give_up:  # the first may come before it listens
        number += 1
        user.receive(letter(Message_ID=f"<lyt{number}@x.example>"))
    listeners.stop()
    user.close()
    assert heard.is_set()
    state = session.get(MailboxState, mailbox.key, populate_existing=True)
    assert state.next_poll_at <= datetime.now(UTC)
    assert poll(mailbox, datetime.now(UTC)).taken >= 1

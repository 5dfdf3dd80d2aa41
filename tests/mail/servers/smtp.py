"""An SMTP server (aiosmtpd) on a socket of its own: what it took, and the answers it is told to give.

It offers AUTH PLAIN and XOAUTH2 when it is given a password or tokens. Not covered: queues, relaying,
greylisting.
"""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Inbox:
    """What the server took; `answers` are given instead of taking, first things first."""

    def __init__(self, password: str | None = None, tokens: set[str] | None = None) -> None:
        self.messages: list[EmailMessage] = []
        self.answers: list[str] = []
        self.port = 0
        self.password = password
        self.tokens = tokens
        #: Called with each mail that is taken, before the answer is given.
        self.hands_on = lambda _raw, _recipients: None

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.hands_on(envelope.content, envelope.rcpt_tos)
        return "250 OK"

    async def auth_XOAUTH2(self, _server, args) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        import base64

        proof = base64.b64decode(args[1]).decode()
        token = proof.partition("\1auth=Bearer ")[2].removesuffix("\1\1")
        return AuthResult(success=token in (self.tokens or ()), handled=False)

    def authenticator(self, _server, _session, _envelope, _mechanism, given) -> AuthResult:
        ok = given.password.decode() == self.password
        return AuthResult(success=ok, handled=False)


class _OnAnyFreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def smtp_server(inbox: Inbox) -> Iterator[Inbox]:
    """`inbox` behind a port for as long as the block lasts."""
    more = {}
    if inbox.password or inbox.tokens is not None:
        more = {"authenticator": inbox.authenticator, "auth_require_tls": False, "auth_required": True}
    controller = _OnAnyFreePort(inbox, hostname="127.0.0.1", port=0, **more)
    controller.start()
    inbox.port = controller.port
    try:
        yield inbox
    finally:
        controller.stop()

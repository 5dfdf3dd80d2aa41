"""Hands mail in by SMTP: over one connection for a round of sending, opened when the first mail needs it."""

import base64
import smtplib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS
from ticketing.mail.gateways.network import tls
from ticketing.mail.mailboxes import Security, Server

#: Answers to AUTH (RFC 4954 §4).
_GO_ON, _SIGNED_IN, _SIGNED_IN_ALREADY = 334, 235, 503
#: Shows the server who we are; is given the connection after TLS.
LogIn = Callable[[smtplib.SMTP], None]


class SmtpSender:
    """A way out through one SMTP server. Raises the library's own errors: its answer codes decide whether a
    mail is tried again."""

    def __init__(self, server: Server, log_in: LogIn | None, ca_file: Path | None = None) -> None:
        self._place = server
        self._log_in = log_in
        self._ca_file = ca_file
        self._server: smtplib.SMTP | None = None
        #: No mail can leave this way now: the server is not there or does not know us.
        self.unreachable = False

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Hands over one mail. Raises OSError or SMTPException when it was not taken."""
        server = self._connected()
        try:
            server.sendmail(sender, [recipient], content)
        except OSError as error:
            refused = isinstance(error, smtplib.SMTPException)
            if not refused or isinstance(error, smtplib.SMTPServerDisconnected):
                self.close()  # the connection is lost; the next mail opens a new one
            raise

    def close(self) -> None:
        """Says goodbye if there is somebody to say it to."""
        if self._server is not None:
            with suppress(OSError):
                self._server.quit()
            self._server = None

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            return self._server
        server: smtplib.SMTP | None = None
        try:
            server = self._opened()
            if self._place.security is Security.STARTTLS:
                server.starttls(context=tls(self._ca_file))
            if self._log_in is not None:
                self._log_in(server)
        except Exception:
            self.unreachable = True
            if server is not None:
                server.close()
            raise
        self._server = server
        return server

    def _opened(self) -> smtplib.SMTP:
        host, port = self._place.host, self._place.port
        if self._place.security is Security.TLS:
            return smtplib.SMTP_SSL(host, port, timeout=PATIENCE_SECONDS, context=tls(self._ca_file))
        return smtplib.SMTP(host, port, timeout=PATIENCE_SECONDS)


def log_in(server: smtplib.SMTP, login: str, password: str) -> None:
    """Signs in as the library does, and also with a name or a password beyond ASCII, which it can't send: as
    UTF-8 (RFC 4616 §2). Raises SMTPException."""
    server.ehlo_or_helo_if_needed()
    if (login + password).isascii():
        server.login(login, password)
        return
    offered = server.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        proof = f"\0{login}\0{password}"
        code, said = server.docmd("AUTH", f"PLAIN {_encoded(proof)}")
    elif "LOGIN" in offered:
        code, said = server.docmd("AUTH", f"LOGIN {_encoded(login)}")
        if code == _GO_ON:
            code, said = server.docmd(_encoded(password))
    else:
        raise smtplib.SMTPNotSupportedError("the server offers neither AUTH PLAIN nor AUTH LOGIN")
    if code not in (_SIGNED_IN, _SIGNED_IN_ALREADY):
        raise smtplib.SMTPAuthenticationError(code, said)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")

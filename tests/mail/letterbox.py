"""Makes raw messages for the tests, right ones and broken ones."""

HEADERS = {
    "From": "Mor Mose <mor@privat.example>",
    "To": "aula@vesterkaer.example",
    "Subject": "Kan ikke logge ind",
    "Message-ID": "<m1@privat.example>",
    "Date": "Mon, 4 May 2026 10:00:00 +0200",
}


def letter(body: str | bytes = "Jeg kan ikke se ugeplanen.", **changes: str | bytes | None) -> bytes:
    """A message with the usual headers; `Message_ID=None` leaves one out, any other value replaces it."""
    wanted: dict[str, str | bytes | None] = dict(HEADERS)
    wanted |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [name.encode() + b": " + as_bytes(value) for name, value in wanted.items() if value is not None]
    return b"\r\n".join(lines) + b"\r\n\r\n" + as_bytes(body)


def as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def multipart(*parts: tuple[str, str | bytes], kind: str = "mixed", **changes: str | None) -> bytes:
    """A message of several parts, each given as (header lines, content)."""
    body = b""
    for header, content in parts:
        body += b"--grense\r\n" + header.encode() + b"\r\n\r\n" + as_bytes(content) + b"\r\n"
    return letter(
        body + b"--grense--\r\n",
        MIME_Version="1.0",
        Content_Type=f'multipart/{kind}; boundary="grense"',
        **changes,
    )


def bounce(original_message_id: str, action: str = "failed") -> bytes:
    """A delivery report by RFC 3464 about one of our mails."""
    return multipart(
        ("Content-Type: text/plain", "Your message could not be delivered."),
        (
            "Content-Type: message/delivery-status",
            "Reporting-MTA: dns; mx.privat.example\r\n\r\nFinal-Recipient: rfc822; mor@privat.example\r\n"
            f"Action: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n",
        ),
        ("Content-Type: text/rfc822-headers", f"Message-ID: {original_message_id}\r\nSubject: x\r\n"),
        kind="report; report-type=delivery-status",
        Return_Path="<>",
        From="MAILER-DAEMON@mx.privat.example",
        Subject="Undeliverable",
        Message_ID="<bounce@mx.privat.example>",
    )

"""Which mailboxes the municipalities have, from mailboxes.yaml. Secrets stand in the environment only."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ticketing.configuration import load_file
from ticketing.work.links import OurAddresses

FILE = "mailboxes.yaml"
GRAPH = "https://graph.microsoft.com/v1.0"
LOGIN = "https://login.microsoftonline.com"
#: Between these no one listens in, so a password may go as it is.
_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_VARIABLE = validate.Regexp(
    r"[A-Z][A-Z0-9_]*\Z", error="expected the NAME of an environment variable, never the secret itself"
)
_FILLED = validate.Length(min=1)
_HOST = validate.Regexp(r"[A-Za-z0-9.-]+(:\d{1,5})?\Z", error="expected a host name or host:port")


class Protocol(StrEnum):
    """How a mailbox is read and its mail sent."""

    IMAP = "imap"
    GRAPH = "graph"
    EXCHANGE = "exchange"


class SignIn(StrEnum):
    """How we show who we are: a password, NTLM (Exchange Server) or a token that an app registration gets."""

    PASSWORD = "password"  # noqa: S105 - the name of a way, not a secret
    NTLM = "ntlm"
    OAUTH = "oauth"


class Security(StrEnum):
    """TLS from the start, TLS after a greeting, or none: that only to a server on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True)
class Server:
    """A host, its port and how the way to it is secured."""

    host: str
    port: int
    security: Security

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Mailbox:
    """One mailbox. `unit` is the mail key of the institution whose own it is; None for the municipality's.

    `server` is a host for IMAP and an URL for Exchange and Graph. `poll_seconds` lie between two looks.
    """

    key: str
    municipality: str
    protocol: Protocol
    address: str
    server: str
    security: Security
    smtp_server: str | None
    smtp_security: Security
    sign_in: SignIn
    login: str
    tenant: str | None
    client_id: str | None
    authority: str
    ca_file: Path | None
    folder: str
    handled_folder: str | None
    quarantine_folder: str
    unit: str | None
    secret_variable: str
    sends: bool
    plus_addresses: bool
    poll_seconds: int

    def secret(self) -> str:
        """The password or client secret. Raises `KeyError` with the variable's name when it is unset."""
        return os.environ[self.secret_variable]

    @property
    def can_send(self) -> bool:
        """Whether mail goes out through it."""
        return self.sends and (self.protocol is not Protocol.IMAP or self.smtp_server is not None)

    @property
    def imap(self) -> Server:
        """Where mail is read by IMAP."""
        return _server(self.server, self.security, {Security.TLS: 993}, 143)

    @property
    def smtp(self) -> Server:
        """Where mail is handed in by SMTP; only when `smtp_server` is set."""
        assert self.smtp_server is not None
        ports = {Security.TLS: 465, Security.STARTTLS: 587}
        return _server(self.smtp_server, self.smtp_security, ports, 25)


def mailboxes() -> Mapping[str, Mailbox]:
    """The mailboxes of the running application by key. Needs an application context."""
    found: Mapping[str, Mailbox] = current_app.extensions["mailboxes"]
    return found


def sending_mailbox(municipality: str) -> Mailbox | None:
    """The mailbox that the municipality's (key) mail goes out from: the first of its own that sends."""
    of_it = [one for one in mailboxes().values() if one.municipality == municipality and one.can_send]
    return next((one for one in of_it if one.unit is None), None)


def load_mailboxes(path: Path) -> Mapping[str, Mailbox]:
    """The mailboxes of the file `path` by key; none without the file. Raises `ConfigurationError` that names
    each faulty line."""
    if not path.exists():
        return {}
    raw = load_file(path, _MailboxesFile())["mailboxes"]
    return {key: _mailbox(key, path.parent, one) for key, one in raw.items()}


def our_addresses(boxes: Mapping[str, Mailbox]) -> Mapping[str, OurAddresses]:
    """By municipality (key): which addresses are its own, and which its mail goes out from."""
    of: dict[str, list[Mailbox]] = defaultdict(list)
    for one in boxes.values():
        of[one.municipality].append(one)
    made = {}
    for municipality, its in of.items():
        sender = next((one for one in its if one.can_send and one.unit is None), None)
        made[municipality] = OurAddresses(
            sends_from=sender.address.lower() if sender else None,
            every=frozenset(one.address.lower() for one in its),
            plus=sender.plus_addresses if sender else True,
        )
    return made


def _mailbox(key: str, folder: Path, raw: dict[str, Any]) -> Mailbox:
    default = {Protocol.GRAPH: GRAPH}.get(raw["protocol"], "")
    return Mailbox(
        **raw
        | {
            "key": key,
            "server": (raw["server"] or default).rstrip("/"),
            "login": raw["login"] or raw["address"],
            "sign_in": SignIn.OAUTH if raw["protocol"] is Protocol.GRAPH else raw["sign_in"],
            "authority": raw["authority"].rstrip("/"),
            "ca_file": folder / raw["ca_file"] if raw["ca_file"] else None,
        }
    )


def _server(text: str, security: Security, ports: Mapping[Security, int], otherwise: int) -> Server:
    host, _, port = text.partition(":")
    return Server(host, int(port) if port else ports.get(security, otherwise), security)


class _MailboxFile(Schema):
    municipality = fields.Str(required=True, validate=_FILLED)
    protocol = fields.Enum(Protocol, by_value=True, required=True)
    address = fields.Email(required=True)
    server = fields.Str(load_default=None, validate=_FILLED)
    security = fields.Enum(Security, by_value=True, load_default=Security.TLS)
    smtp_server = fields.Str(load_default=None, validate=_HOST)
    smtp_security = fields.Enum(Security, by_value=True, load_default=Security.STARTTLS)
    sign_in = fields.Enum(SignIn, by_value=True, load_default=SignIn.PASSWORD)
    login = fields.Str(load_default=None, validate=_FILLED)
    tenant = fields.Str(load_default=None, validate=_FILLED)
    client_id = fields.Str(load_default=None, validate=_FILLED)
    authority = fields.Url(load_default=LOGIN, require_tld=False, schemes={"http", "https"})
    ca_file = fields.Str(load_default=None, validate=_FILLED)
    folder = fields.Str(load_default="INBOX", validate=_FILLED)
    handled_folder = fields.Str(load_default=None, allow_none=True, validate=_FILLED)
    quarantine_folder = fields.Str(required=True, validate=_FILLED)
    unit = fields.Str(load_default=None, allow_none=True)
    secret_variable = fields.Str(required=True, validate=_VARIABLE)
    sends = fields.Bool(load_default=True)
    plus_addresses = fields.Bool(load_default=True)
    poll_seconds = fields.Int(load_default=30, validate=validate.Range(5, 3600))

    @validates_schema
    def _folders_differ(self, data: dict[str, Any], **_: Any) -> None:
        """A mail moved into the folder that is read would be read for ever."""
        for key in ("handled_folder", "quarantine_folder"):
            if data[key] == data["folder"]:
                raise ValidationError("expected another folder than the one that is read", key)

    @validates_schema
    def _can_be_reached(self, data: dict[str, Any], **_: Any) -> None:
        protocol, server = data["protocol"], data["server"]
        if protocol is Protocol.IMAP:
            _check_host(server, data["security"], "server")
            if data["smtp_server"]:
                _check_host(data["smtp_server"], data["smtp_security"], "smtp_server")
        elif protocol is Protocol.EXCHANGE and not server:
            raise ValidationError("expected the address of EWS: https://<host>/EWS/Exchange.asmx", "server")
        elif server:
            _check_url(server, "server")
        _check_url(data["authority"], "authority")

    @validates_schema
    def _can_sign_in(self, data: dict[str, Any], **_: Any) -> None:
        sign_in, protocol = data["sign_in"], data["protocol"]
        if sign_in is SignIn.NTLM and protocol is not Protocol.EXCHANGE:
            raise ValidationError("ntlm is for protocol exchange alone", "sign_in")
        if sign_in is SignIn.OAUTH or protocol is Protocol.GRAPH:
            for key in ("tenant", "client_id"):
                if not data[key]:
                    raise ValidationError(f"expected {key}: a token is asked for with it", key)


class _MailboxesFile(Schema):
    mailboxes = fields.Dict(
        keys=fields.Str(validate=validate.Length(1, 40)), values=fields.Nested(_MailboxFile), required=True
    )

    @validates_schema
    def _one_reader(self, data: dict[str, Any], **_: Any) -> None:
        """Two entries for the same folder would race for the same mail."""
        seen: set[tuple[str, str]] = set()
        for key, one in data["mailboxes"].items():
            place = (one["address"].lower(), one["folder"])
            if place in seen:
                message = "expected an address and folder that no other mailbox has"
                raise ValidationError({"mailboxes": {key: {"address": [message]}}})
            seen.add(place)


def _check_host(server: str | None, security: Security, key: str) -> None:
    if not server:
        raise ValidationError("expected the mail server's host name, or host:port", key)
    try:
        _HOST(server)
    except ValidationError as error:
        raise ValidationError(error.messages, key) from None
    if security is Security.NONE and server.partition(":")[0] not in _THIS_MACHINE:
        raise ValidationError("expected tls or starttls: this way a password could be read on its way", key)


def _check_url(url: str, key: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError("expected an address that begins with https://", key)
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
        raise ValidationError("expected https: this way a secret could be read on its way", key)

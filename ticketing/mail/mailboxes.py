"""Which mailboxes the municipalities have, from mailboxes.yaml. Secrets stand in the environment only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from ticketing.configuration import load_file

_VARIABLE = validate.Regexp(
    r"[A-Z][A-Z0-9_]*\Z", error="expected the NAME of an environment variable, never the secret itself"
)


class Protocol(StrEnum):
    """How a mailbox is read and its mail sent."""

    IMAP = "imap"
    GRAPH = "graph"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class Mailbox:
    """One mailbox. `unit` is the mail key of the institution whose own it is; None for the municipality's."""

    key: str
    municipality: str
    protocol: Protocol
    address: str
    folder: str
    handled_folder: str | None
    quarantine_folder: str
    unit: str | None
    secret_variable: str

    def secret(self) -> str:
        """The password, token or client secret. Raises `KeyError` with the variable's name when it is unset."""
        return os.environ[self.secret_variable]


def load_mailboxes(path: Path) -> Mapping[str, Mailbox]:
    """The mailboxes of the file `path` by key. Raises `ConfigurationError` that names each faulty line."""
    raw = load_file(path, _MailboxesFile())["mailboxes"]
    return {key: Mailbox(key=key, **one) for key, one in raw.items()}


class _MailboxFile(Schema):
    municipality = fields.Str(required=True, validate=validate.Length(min=1))
    protocol = fields.Enum(Protocol, by_value=True, required=True)
    address = fields.Email(required=True)
    folder = fields.Str(load_default="INBOX", validate=validate.Length(min=1))
    handled_folder = fields.Str(load_default=None, allow_none=True)
    quarantine_folder = fields.Str(required=True, validate=validate.Length(min=1))
    unit = fields.Str(load_default=None, allow_none=True)
    secret_variable = fields.Str(required=True, validate=_VARIABLE)

    @validates_schema
    def _folders_differ(self, data: dict[str, Any], **_: Any) -> None:
        """A mail moved into the folder that is read would be read for ever."""
        for key in ("handled_folder", "quarantine_folder"):
            if data[key] == data["folder"]:
                raise ValidationError("expected another folder than the one that is read", key)


class _MailboxesFile(Schema):
    mailboxes = fields.Dict(keys=fields.Str(), values=fields.Nested(_MailboxFile), required=True)

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

"""What forms may hold, checked with marshmallow; each message is a Danish sentence with what to do."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from marshmallow import EXCLUDE, Schema, ValidationError, fields, pre_load, validate

TEXT_LIMIT = 10_000
#: The largest number that a key in the database can be.
LARGEST = 2**63 - 1
#: Years that something here can happen in: with room to count weeks before and after.
YEARS = range(1990, 2101)
Errors = dict[str, list[str]]


class FormSchema(Schema):
    """A form as a browser sends it: all text; an empty field is as good as none."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def _strip(self, data: Mapping[str, str], **_options: Any) -> dict[str, str]:
        stripped = {key: value.strip() for key, value in data.items() if isinstance(value, str)}
        return {key: value for key, value in stripped.items() if value}


def read(schema: Schema, form: Mapping[str, str]) -> tuple[dict[str, Any], Errors]:
    """The values in `form` and what is wrong with it, by field; without errors the values are whole."""
    try:
        return schema.load(dict(form)), {}
    except ValidationError as error:
        messages = error.messages if isinstance(error.messages, dict) else {}
        return {}, {str(field): [str(text) for text in texts] for field, texts in messages.items()}


def number_of(text: str, largest: int = LARGEST) -> int | None:
    """A whole number as it was typed, 0 to `largest`; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= largest else None


def day_of(text: str) -> date:
    """A day as a browser sends it. Raises `ValueError` for none, and for a year that nobody plans in."""
    day = date.fromisoformat(text.strip())
    if day.year not in YEARS:
        raise ValueError(text)
    return day


class SignInForm(FormSchema):
    """E-mail and password."""

    email = fields.String(required=True, error_messages={"required": "Skriv din e-mail."})
    password = fields.String(required=True, error_messages={"required": "Skriv din adgangskode."})


class QuestionForm(FormSchema):
    """Nyt spørgsmål. Only the question itself must be there; all else has an answer already."""

    text = fields.String(
        required=True,
        error_messages={"required": "Skriv spørgsmålet, bare en linje."},
        validate=validate.Length(max=TEXT_LIMIT, error="Spørgsmålet er for langt. Kort det ned."),
    )
    category = fields.String(load_default=None)
    asker = fields.String(
        load_default="parent",
        validate=validate.OneOf(("parent", "self", "pupil"), error="Vælg, hvem der spørger."),
    )
    unit = fields.Integer(load_default=None, error_messages={"invalid": "Vælg, hvor spørgsmålet hører til."})
    name = fields.String(load_default=None, validate=validate.Length(max=120, error="Navnet er for langt."))
    email = fields.Email(
        load_default=None,
        error_messages={"invalid": "E-mailen ser forkert ud. Ret den, eller lad feltet stå tomt."},
    )
    tried = fields.String(load_default=None, validate=validate.Length(max=2000, error="Kort teksten ned."))
    solved_with = fields.String(load_default=None)


class PublicQuestionForm(FormSchema):
    """A parent's question: where, what, and how to answer."""

    unit = fields.String(required=True, error_messages={"required": "Vælg barnets skole eller institution."})
    text = fields.String(
        required=True,
        error_messages={"required": "Skriv dit spørgsmål."},
        validate=validate.Length(max=TEXT_LIMIT, error="Spørgsmålet er for langt. Kort det ned."),
    )
    email = fields.Email(
        required=True,
        error_messages={
            "required": "Skriv din e-mail, så vi kan svare dig.",
            "invalid": "E-mailen ser forkert ud. Den skal ligne navn@example.org.",
        },
        validate=validate.Length(max=254, error="E-mailen er for lang."),
    )
    name = fields.String(load_default=None, validate=validate.Length(max=120, error="Navnet er for langt."))


class MessageForm(FormSchema):
    """A requester's message on the status page."""

    text = fields.String(
        required=True,
        error_messages={"required": "Skriv din besked først."},
        validate=validate.Length(max=TEXT_LIMIT, error="Beskeden er for lang. Kort den ned."),
    )


def not_possible(sentence: str) -> Errors:
    """An error that belongs to the whole form, with where to look."""
    return {"text": [sentence or _("Det kunne ikke lade sig gøre.")]}

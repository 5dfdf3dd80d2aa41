"""Which questions a course's topic should have answered, from config/course_topics.yaml."""

from collections.abc import Collection, Mapping
from pathlib import Path

from marshmallow import Schema, fields, validate

from ticketing.configuration import load_file

Topics = Mapping[str, tuple[str, ...]]


def load_topics(path: Path, categories: Collection[str]) -> Topics:
    """The topics of the file `path`, each with the keys of its categories. Raises `ConfigurationError` with
    line and key, also for a category that is not one of `categories`."""

    class TopicsFile(Schema):
        topics = fields.Dict(
            keys=fields.String(validate=validate.Length(1, 60)),
            values=fields.List(
                fields.String(
                    validate=validate.OneOf(
                        sorted(categories), error="expected a category of categories.yaml, not {input!r}"
                    )
                ),
                validate=validate.Length(min=1),
            ),
            required=True,
        )

    found = load_file(path, TopicsFile())["topics"]
    return {topic: tuple(keys) for topic, keys in found.items()}

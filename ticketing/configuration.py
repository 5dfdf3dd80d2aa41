"""Reads the files in config/ and checks them with marshmallow before anything starts.

YAML scalars are taken as text and given their type by the schema: "no" stays a word and 07:45 a time.
"""

from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError

KeyPath = tuple[str | int, ...]


class ConfigurationError(Exception):
    """A configuration file is wrong. `problems` are (line, key, what was expected)."""

    def __init__(self, file: Path, problems: list[tuple[int, str, str]]) -> None:
        self.file = file
        self.problems = problems
        lines = [f"{file}:{line}: {key}: {expected}" for line, key, expected in problems]
        super().__init__("\n".join(lines))


def load_file(path: Path, schema: Schema) -> Any:
    """The content of the YAML file `path` as `schema` makes it. Raises `ConfigurationError` that names the
    file, each faulty line, its key and what was expected."""
    return load_text(path, read_text(path), schema)


def read_text(path: Path) -> str:
    """What stands in the configuration file `path`. Raises `ConfigurationError`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(path, [(0, "(file)", f"can't be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, [(0, "(file)", "expected text in UTF-8")]) from error


def load_text(path: Path, text: str, schema: Schema) -> Any:
    """As `load_file`, for text that is read already; `path` is what errors call it."""
    lines: dict[KeyPath, int] = {}
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = _plain(node, (), lines) if node else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigurationError(
            path, [((mark.line + 1) if mark else 0, "(syntax)", error.problem or "expected YAML")]
        ) from error
    try:
        return schema.load(raw)
    except ValidationError as error:
        problems = sorted(_problems(error.messages, (), lines))
        raise ConfigurationError(path, problems) from error


def _plain(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in made:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} stands twice", problem_mark=key_node.start_mark
                )
            made[key] = _plain(value_node, (*path, key), lines)
            lines[(*path, key)] = key_node.start_mark.line + 1
        return made
    if isinstance(node, yaml.SequenceNode):
        return [_plain(child, (*path, index), lines) for index, child in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def _problems(messages: Any, path: KeyPath, lines: dict[KeyPath, int]) -> list[tuple[int, str, str]]:
    if isinstance(messages, dict):
        found = []
        for key, inner in messages.items():
            # marshmallow puts "key"/"value" and "_schema" levels where the file has none.
            deeper = path if key in ("_schema", "value", "key") and (*path, key) not in lines else (*path, key)
            found += _problems(inner, deeper, lines)
        return found
    line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 0)
    name = ".".join(str(part) for part in path) or "(file)"
    return [(line, name, " ".join(str(m) for m in messages))]

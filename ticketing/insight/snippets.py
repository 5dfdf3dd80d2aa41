"""The place of a text where the words of a question stand. Pure; what comes out is plain text in pieces, so
whoever shows it escapes each."""

import re
from collections.abc import Sequence

from ticketing.insight.words import is_meant

#: Pieces of text in order, each with whether it is a word that was asked for.
Snippet = tuple[tuple[str, bool], ...]

LENGTH = 160
_BEFORE = 50
_WORD = re.compile(r"[^\W_]+")


def cut(texts: Sequence[str], asked: Sequence[str]) -> Snippet | None:
    """About `LENGTH` characters around the first word of the first text that was asked for; null where none
    has one."""
    for text in texts:
        line = " ".join(text.split())
        first = next((m.start() for m in _WORD.finditer(line) if _is_asked(m[0], asked)), None)
        if first is not None:
            return _around(line, first, asked)
    return None


def marked(text: str, asked: Sequence[str]) -> Snippet:
    """The whole of `text` in pieces."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for match in _WORD.finditer(text):
        if _is_asked(match[0], asked):
            pieces += [(text[at : match.start()], False), (match[0], True)]
            at = match.end()
    return tuple(piece for piece in (*pieces, (text[at:], False)) if piece[0])


def _around(line: str, first: int, asked: Sequence[str]) -> Snippet:
    start = line.rfind(" ", 0, max(0, first - _BEFORE)) + 1 if first > _BEFORE else 0
    end = len(line) if len(line) - start <= LENGTH else max(line.rfind(" ", start, start + LENGTH), first + 1)
    shown = ("… " if start else "") + line[start:end] + (" …" if end < len(line) else "")
    return marked(shown, asked)


def _is_asked(word: str, asked: Sequence[str]) -> bool:
    return any(is_meant(one, word.lower()) for one in asked)

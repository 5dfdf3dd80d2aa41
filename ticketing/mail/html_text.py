"""HTML mail as plain text: paragraphs, lists, tables, links and quotations keep their shape."""

import re
from html.parser import HTMLParser

import nh3

#: Beyond this the rest is left out; the raw message has it.
HTML_LENGTH = 300_000
#: The sanitiser's cost grows with depth times length: what nests deeper than any letter loses its tags.
_DEPTH = 400
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})[^<>]*>?")
_NEEDS_NO_END = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"),
    *("p", "li", "td", "th", "tr", "dd", "dt", "option", "tbody", "thead", "tfoot", "html", "body", "head"),
}
_KEPT_TAGS = {
    *("a", "blockquote", "br", "div", "h1", "h2", "h3", "h4", "hr", "img", "li", "ol", "p", "pre"),
    *("table", "td", "th", "tr", "ul"),
}
_BREAKS = {"div", "p", "tr", "table", "ul", "ol", "li", "h1", "h2", "h3", "h4", "pre", "blockquote"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4"}


def text_of_html(html: str) -> str:
    """The text a reader of `html` sees. Scripts, styles and comments give nothing; a quotation's lines
    begin with "> ", so that quoted history looks the same as in plain mail."""
    # nh3 first: what it returns is well formed, on which the simple parser is fast and never lost.
    clean = nh3.clean(
        bounded(html),
        tags=_KEPT_TAGS,
        attributes={"a": {"href"}, "img": {"alt"}},
        clean_content_tags={"script", "style", "title"},
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
    )
    reader = _Reader()
    reader.feed(clean)
    reader.close()
    return reader.text()


def bounded(html: str) -> str:
    """The beginning of `html` that can be read in good time, without the tags that nest too deep."""
    depth = dropped = 0

    def within(tag: re.Match[str]) -> str:
        nonlocal depth, dropped
        if tag[2].lower() in _NEEDS_NO_END:
            return tag[0]
        if tag[1]:
            was_dropped = dropped > 0
            dropped, depth = (dropped - 1, depth) if was_dropped else (dropped, max(0, depth - 1))
            return "" if was_dropped else tag[0]
        if depth >= _DEPTH:
            dropped += 1
            return ""
        depth += 1
        return tag[0]

    return _TAG.sub(within, html[:HTML_LENGTH])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._quote_depth = 0
        self._preformatted = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "br":
            self._new_line()
        elif tag == "hr":
            self._break()
            self._add("________________________________")
            self._break()
        elif tag == "img" and given.get("alt"):
            self._add(f"[{given['alt']}]")
        elif tag == "a":
            self._link = (given.get("href") or "", len(self._lines[-1]))
        elif tag in ("td", "th") and self._line_has_text():
            self._add(" ")
        if tag in _BREAKS:
            self._break()
            if tag == "li":
                self._add("- ")
            self._quote_depth += tag == "blockquote"
            self._preformatted += tag == "pre"
            if tag == "blockquote":
                self._start_line()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link is not None:
            self._name_link(*self._link)
            self._link = None
        if tag in _BREAKS:
            self._break()
            if tag in _PARAGRAPHS:
                self._new_line()
            if tag == "blockquote":
                self._quote_depth = max(0, self._quote_depth - 1)
                self._start_line()
            self._preformatted -= tag == "pre"

    def handle_data(self, data: str) -> None:
        if self._preformatted:
            first, *rest = data.split("\n")
            self._add(first)
            for line in rest:
                self._new_line()
                self._add(line)
            return
        words = re.sub(r"[ \t\n\f]+", " ", data)
        if not self._line_has_text():
            words = words.lstrip(" ")
        if words:
            self._add(words)

    def text(self) -> str:
        """What was read, with at most one empty line in a row."""
        whole = "\n".join(line.replace("\u00a0", " ").rstrip() for line in self._lines)
        return re.sub(r"\n{3,}", "\n\n", whole).strip("\n")

    def _name_link(self, address: str, start: int) -> None:
        shown = self._lines[-1][start:].strip()
        target = address.removeprefix("mailto:").removeprefix("tel:")
        if target and target.rstrip("/") != shown.rstrip("/"):
            self._add(f" <{target}>" if shown else f"<{target}>")

    def _add(self, text: str) -> None:
        self._lines[-1] += text

    def _new_line(self) -> None:
        self._lines.append("> " * min(self._quote_depth, 10))

    def _break(self) -> None:
        if self._line_has_text():
            self._new_line()

    def _start_line(self) -> None:
        self._lines[-1] = "> " * min(self._quote_depth, 10)

    def _line_has_text(self) -> bool:
        return bool(self._lines[-1].strip("> "))

"""A mail's HTML as it may be shown: nothing in it runs, loads or covers the page. Pure.

It is cleaned each time it is shown, and the mail is kept as it came: a better cleaner tomorrow cleans what came
yesterday. The frame that shows it has a policy of its own besides (`FRAME_POLICY`): nothing may load.
"""

import re
from email.message import Message
from html import escape, unescape

import nh3

from ticketing.mail.charsets import decoded, printable
from ticketing.mail.html_text import bounded
from ticketing.mail.parts import charset, content_type
from ticketing.mail.structure import tree
from ticketing.privacy.cpr import spans

#: What the frame may do beyond nothing: open a link in a window of its own, which is then an ordinary one.
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
#: For the frame: no script, no image, no font, no form; only the page's own few lines of style.
FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    f"sandbox {SANDBOX}"
)
_TAGS = {
    *(
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "div",
        "dl",
        "dt",
    ),
    *(
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "small",
    ),
    *("span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
#: A tag, an entity, or one character of the text.
_TEXT_OR_TAG = re.compile(r"<[^>]*>|&(?:#?\w{1,10});|[^<]", re.DOTALL)
_NO_TAG, _ANY_TAG = re.compile(r"(?!)"), re.compile("<")
_PARAGRAPH = re.compile(r"<(?!/?(?:a|abbr|b|code|del|em|i|ins|q|s|small|span|strong|sub|sup|u)\b)")
_IMAGE = re.compile(r'<img(?: alt="([^"]*)")?>')
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"alt"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "ol": {"start"},
}


def html_of(raw: bytes) -> str | None:
    """The cleaned HTML of a message, CPR numbers masked; None where it has none. Images are shown by their
    words alone: a picture from afar tells its sender who reads, and when."""
    message, _warnings = tree(raw)
    found = next((part for part in message.walk() if _is_html(part)), None)
    if found is None:
        return None
    text, _warning = decoded(_bytes(found), charset(found))
    return clean(printable(text))


def clean(html: str) -> str:
    """`html` with only what a letter needs: no script, style, form, frame, image source or event handler."""
    cleaned = nh3.clean(
        bounded(html),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        clean_content_tags={"script", "style", "title", "template", "noscript", "svg", "math"},
        set_tag_attribute_values={"a": {"target": "_blank"}},
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "tel"},
        strip_comments=True,
    )
    return _masked(_IMAGE.sub(_in_words, cleaned))


def _masked(html: str) -> str:
    """`html` with the digits of CPR numbers as asterisks, also of those that tags or entities break up.

    Looked for three times: as the words run on through every tag, with a gap where a paragraph ends, and with
    a gap at each tag. A number that ends a paragraph would otherwise hide behind the next one's first word.
    """
    pieces = [(found[0], found.span()) for found in _TEXT_OR_TAG.finditer(html)]
    shown = list(html)
    for gap in (_NO_TAG, _PARAGRAPH, _ANY_TAG):
        text, places = [], []
        for piece, place in pieces:
            read = "\n" * bool(gap.match(piece)) if piece.startswith("<") else unescape(piece)
            text.append(read if len(read) <= 1 else " ")
            places += [place] * len(text[-1])
        for first, last in spans("".join(text)):
            for start, end in places[first:last]:
                if html[start:end].isdecimal() or html[start:end].startswith("&#"):
                    shown[start:end] = ["*", *[""] * (end - start - 1)]
    return "".join(shown)


def _in_words(image: re.Match[str]) -> str:
    words = unescape(image[1] or "").strip()
    return f"<em>[{escape(words)}]</em>" if words else ""


def _is_html(part: Message) -> bool:
    return not part.is_multipart() and content_type(part) == "text/html"


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else str(part.get_payload()).encode("utf-8", "replace")

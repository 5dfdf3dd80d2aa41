"""A mail's HTML as it may be shown: nothing in it runs, loads or covers the page. Pure.

It is cleaned each time it is shown, and the mail is kept as it came: a better cleaner tomorrow cleans what came
yesterday. The frame that shows it has a policy of its own besides (`FRAME_POLICY`): nothing may load.
"""

import re
from email.message import Message
from html import unescape

import nh3

from ticketing.mail.charsets import decoded
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
    return clean(text)


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
    return _masked(cleaned)


def _masked(html: str) -> str:
    """`html` with the digits of CPR numbers as asterisks, also of those that tags or entities break up."""
    text, places = [], []
    for piece in _TEXT_OR_TAG.finditer(html):
        if not piece[0].startswith("<"):
            text.append(unescape(piece[0]) if piece[0].startswith("&") else piece[0])
            places.append(piece.span())
    plain = "".join(one if len(one) == 1 else " " for one in text)
    digits = [places[at] for first, last in spans(plain) for at in range(first, last)]
    shown = list(html)
    for start, end in digits:
        if html[start:end].isdecimal() or html[start:end].startswith("&#"):
            shown[start:end] = ["*", *[""] * (end - start - 1)]
    return "".join(shown)


def _is_html(part: Message) -> bool:
    return not part.is_multipart() and content_type(part) == "text/html"


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else str(part.get_payload()).encode("utf-8", "replace")

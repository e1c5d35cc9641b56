"""Turns a letter of HTML into plain text; what it quotes becomes lines with a `>`."""

import re
from html.parser import HTMLParser

_UNREAD = frozenset({"head", "style", "script", "title", "template", "noscript", "svg", "object"})
_BREAKS = frozenset(
    {"p", "div", "br", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre"}
)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"})
_BLANK = re.compile(r"[ \t\r\n\f\v]+")
_MANY_LINES = re.compile(r"\n{3,}")
# What the parser would look for the end of again and again, once for each of ten thousand that have none.
_DECLARED = re.compile(r"<[!?][^<>]*>?")
_NO_END = re.compile(r"</(?![a-zA-Z][^<>]*>)|<(?=[a-zA-Z])(?![^<>]*>)")
# Nothing is read of attributes, and badly written ones are looked through again and again, too.
_ATTRIBUTES = re.compile(r"<([a-zA-Z][^\s<>/]*)[^<>]*?(/?)>")


def text_of(html: str) -> str:
    """Return the text, without styles and scripts and without any address behind a link."""
    reader = _Reader()
    closed = _NO_END.sub(" ", _DECLARED.sub("", _without_comments(html)))
    reader.feed(_ATTRIBUTES.sub(r"<\1\2>", closed))
    reader.close()
    return _MANY_LINES.sub("\n\n", "\n".join(line.rstrip() for line in reader.lines())).strip()


def _without_comments(html: str) -> str:
    kept, start = [], 0
    while (begin := html.find("<!--", start)) >= 0:
        kept.append(html[start:begin])
        end = html.find("-->", begin)
        if end < 0:
            return "".join(kept)
        start = end + 3
    return "".join([*kept, html[start:]])


class _Reader(HTMLParser):
    """Reads along without building a tree, so that nesting costs nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._unread = 0
        self._quoted = 0

    def lines(self) -> list[str]:
        return self._lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._unread = 0  # A head need not be closed.
        if tag in _UNREAD:
            self._unread += 1
        if tag == "blockquote":
            self._quoted += 1
        if tag in _BREAKS:
            self._break(always=tag in ("br", "p"))
        if tag == "li":
            self._say("- ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNREAD:
            self._unread = max(0, self._unread - 1)
        if tag == "blockquote":
            self._break(always=False)
            self._quoted = max(0, self._quoted - 1)
        if tag in _BREAKS and tag not in _VOID:
            self._break(always=tag == "p")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._say(_BLANK.sub(" ", data))

    def _say(self, words: str) -> None:
        if not self._lines[-1]:
            words = words.lstrip(" ")
            if words and self._quoted:
                self._lines[-1] = "> "
        self._lines[-1] += words

    def _break(self, *, always: bool) -> None:
        if self._lines[-1] or always:
            self._lines.append("")

"""The pages of help: which there are, where their text lies, and how it becomes HTML.

A topic is a Markdown file in each language below `service/web/help/`; its first line is its title.
HTML in the text is shown, not obeyed. A heading may end in `{#name}`, which links reach. Knows no
request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.values import Language

FOLDER = Path(__file__).parent.parent / "help"
"""Holds `vi/`, `en/` and `receivers/`."""

TOPICS = (
    "readers",
    "clerks",
    "operators",
    "engineers",
    "webhooks",
    "machine",
    "mail",
    "troubleshooting",
    "privacy",
    "faq",
    "glossary",
)
"""In the order in which they are listed."""

RECEIVERS = {
    "python": "loa_receiver.py",
    "node": "receiver.mjs",
    "php": "receiver.php",
    "csharp": "Receiver.cs",
    "java": "Receiver.java",
    "go": "receiver.go",
}
"""A receiver of webhooks in each language: its name, and its file in `receivers/`."""

LANGUAGE_NAMES = {
    "python": "Python",
    "node": "Node.js",
    "php": "PHP",
    "csharp": "C#",
    "java": "Java",
    "go": "Go",
}

_ANCHOR = re.compile(r"\{#([a-z0-9-]+)\}$")


@dataclass(frozen=True, slots=True)
class HelpText:
    """One page. `summary`: its first paragraph, plain. `sections`: (anchor, heading) of those that
    have one."""

    title: str
    summary: str
    html: str
    sections: tuple[tuple[str, str], ...]


def source(topic: str, language: Language) -> str:
    """The Markdown of a topic that is in TOPICS."""
    return (FOLDER / language / f"{topic}.md").read_text("utf-8")


def receiver(name: str) -> str:
    """The text of a file that RECEIVERS names."""
    return (FOLDER / "receivers" / name).read_text("utf-8")


@lru_cache(maxsize=64)
def load_help(topic: str, language: Language, base: str) -> HelpText:
    """A page whose links within the site begin with `base`, the path of the site."""
    first, _, text = source(topic, language).partition("\n")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    sections = tuple(_name_headings(tokens))
    for inline in (token for token in tokens if token.type == "inline"):
        _place_links(inline, base)
    html = parser.renderer.render(tokens, parser.options, {})
    html = html.replace("<table>", '<div class="wide"><table>').replace(
        "</table>", "</table></div>"
    )
    summary = next((_plain(token) for token in tokens if token.type == "inline"), "")
    return HelpText(first.removeprefix("# ").strip(), summary, html, sections)


def _name_headings(tokens: list[Token]) -> list[tuple[str, str]]:
    """Takes `{#name}` off the headings, and gives it to them as their id."""
    named = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and inline.children:
            last = inline.children[-1]
            found = _ANCHOR.search(last.content)
            if found:
                last.content = last.content[: found.start()].rstrip()
                opening.attrSet("id", found[1])
                if opening.tag == "h2":
                    named.append((found[1], _plain(inline)))
    return named


def _plain(inline: Token) -> str:
    return "".join(
        " " if child.type == "softbreak" else child.content for child in inline.children or ()
    ).strip()


def _place_links(inline: Token, base: str) -> None:
    for child in inline.children or ():
        href = str(child.attrGet("href") or "")
        if href.startswith("/"):
            child.attrSet("href", base + href)

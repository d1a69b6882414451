"""Help says what is so: both languages have the same parts, every link leads somewhere, every key
and command in it is there, no page is heavy, and nothing in it is obeyed as HTML."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace

import click
import pytest
from markdown_it import MarkdownIt

from service.alerts.message import build_payload
from service.cli import main
from service.settings.loader import KEYS
from service.types import (
    AttachmentLink,
    ChangeType,
    Deadline,
    Document,
    DocumentLink,
    Link,
    Mention,
    Place,
    Relation,
    Understanding,
)
from service.values import Language
from service.web.pages.help_text import FOLDER, RECEIVERS, TOPICS, load_help, source
from tests.fakes_ledger import LINKS, NOW, a_post

LANGUAGES: tuple[Language, Language] = ("vi", "en")
PAGES = [(topic, language) for topic in TOPICS for language in LANGUAGES]
TABLES = {key.partition(".")[0] for key in KEYS if "." in key}

"""Commands that come with the channel pull: read like all others where it is there."""

OTHERS = {
    "curl": "asks a Loa on a network",
    "docker": "needs a daemon",
    "pip": "installs from a network",
    "pipx": "installs from a network",
    "uv": "installs from a network",
    "python3": "makes an environment, and belongs to Python",
    "/opt/loa/bin/pip": "installs from a network",
    "pg_dump": "belongs to PostgreSQL",
    "_LOA_COMPLETE=bash_source": "is tried in the journeys",
}
"""Programs that are not ours, with why they are not run."""


def tokens(topic: str, language: Language) -> list[tuple[str, str]]:
    """(kind, text) of each piece of code: `sh`, `toml`, `json`, `text`, or `inline`."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(source(topic, language)):
        if token.type == "fence":
            found.append((token.info, token.content))
        found += [
            ("inline", child.content)
            for child in token.children or ()
            if child.type == "code_inline"
        ]
    return found


def commands(topic: str, language: Language) -> Iterator[str]:
    for kind, text in tokens(topic, language):
        if kind == "sh":
            yield from filter(None, text.splitlines())
        elif kind == "inline" and re.match(r"(loa|docker|pip|pipx|uv) ", text):
            yield text


@pytest.mark.parametrize("topic", TOPICS)
def test_both_languages_have_the_same_parts_codes_and_links(topic: str) -> None:
    vi, en = (load_help(topic, language, "") for language in LANGUAGES)
    assert [anchor for anchor, _ in vi.sections] == [anchor for anchor, _ in en.sections]
    assert vi.title != en.title and vi.summary != en.summary
    for kind in ("sh", "json"):
        fences = [
            [text for found, text in tokens(topic, language) if found == kind]
            for language in LANGUAGES
        ]
        assert fences[0] == fences[1], kind
    links = [sorted(re.findall(r"\]\((/[^)]*)\)", source(topic, lang))) for lang in LANGUAGES]
    assert links[0] == links[1]


@pytest.mark.parametrize(("topic", "language"), PAGES)
def test_every_link_and_anchor_within_help_leads_somewhere(topic: str, language: Language) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", source(topic, language)):
        target, _, anchor = link.partition("#")
        if target.startswith("/help/"):
            asked = target.removeprefix("/help/")
            assert asked in TOPICS, link
        elif target:
            continue
        else:
            asked = topic
        html = load_help(asked, language, "").html
        assert (
            not anchor
            or f'id="{anchor}"' in html
            or (asked, anchor)
            == (
                "webhooks",
                "receivers",
            )
        ), link


@pytest.mark.parametrize(("topic", "language"), PAGES)
def test_every_key_in_help_is_a_key(topic: str, language: Language) -> None:
    for _, text in tokens(topic, language):
        for key in re.findall(r"(?<![\w./-])([a-z]+\.[a-z_]+)(?![\w/.-])", text):
            if key.partition(".")[0] in TABLES and key not in ("webhooks.md", "places.toml"):
                assert key in KEYS, key
        for name in re.findall(r"LOA_([A-Z]+__[A-Z_]+)", text):
            key = name.removesuffix("_FILE").lower().replace("__", ".")
            assert key in KEYS or name.startswith("SECTION__"), name


@pytest.mark.parametrize(("topic", "language"), PAGES)
def test_every_command_in_help_is_a_command_with_these_options(
    topic: str, language: Language
) -> None:
    for line in commands(topic, language):
        words = shlex.split(line)
        if words[0] == "loa":
            check(words[1:])
        else:
            assert words[0] in OTHERS, line


def check(words: list[str]) -> None:
    """The command is there, and has the options; what it is told fits its arguments."""
    command, rest = main, words
    context = click.Context(main, info_name="loa")
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, words
        context = click.Context(found, parent=context, info_name=rest[0])
        command, rest = found, rest[1:]
    if rest == ["--version"] or (isinstance(command, click.Group) and not rest):
        return
    options = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= options, words


@pytest.mark.parametrize(("topic", "language"), PAGES)
def test_what_stands_in_help_is_shown_and_never_obeyed(topic: str, language: Language) -> None:
    html = load_help(topic, language, "/base").html
    assert not re.search(r"<(script|img|iframe|style|form)", html)
    assert 'href="/base/' in html or 'href="/' not in html
    assert "{#" not in html


def test_each_topic_is_a_file_in_each_language() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (FOLDER / language).iterdir()} == set(TOPICS)
    assert len(RECEIVERS) == 6


ELSEWHERE = [("UBND tỉnh", "https://tinh.example/7")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_payload_in_help_has_the_keys_of_a_real_one(language: Language) -> None:
    shown = json.loads(next(text for kind, text in tokens("webhooks", language) if kind == "json"))
    post = replace(
        a_post(),
        understanding=Understanding(
            ("directives",),
            document=Document("chi-thi", "06/CT-UBND", None, "UBND", Relation.IS),
            places=(Place("quang-ninh-16540", "xã Quảng Ninh"),),
            deadlines=(Deadline(NOW.date(), "trước ngày 30/11"),),
            relations=(DocumentLink(Link.AMENDS, Mention(None, "02/CT-UBND"), "sửa đổi"),),
        ),
        attachments=(AttachmentLink("https://xa.example/1.pdf", "1.pdf", "application/pdf"),),
    )
    real = json.loads(build_payload(ChangeType.PUBLISHED, NOW, post, LINKS, also_at=ELSEWHERE))
    assert keys_of(shown) == keys_of(real)


def keys_of(value: object) -> object:
    """The keys of mappings, however deep; of a list those of its first item."""
    if isinstance(value, dict):
        return {key: keys_of(item) for key, item in value.items()}
    return keys_of(value[0]) if isinstance(value, list) and value else None

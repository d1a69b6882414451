"""An article page: its title, its date, its body made harmless, its files.

Configured selectors first, then the marks that pages of this field carry, then detection. Refuses a
page on which none of them finds a title.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from service.errors import UnreadableError
from service.instants import Source
from service.moments.vote import vote
from service.portals.article_dates import LONG_FROM_NOW, witnesses_of
from service.portals.contents import Contents
from service.portals.dom import Tree, ancestors, first, select
from service.portals.files import find_attachments
from service.portals.foreign import take_out_foreign
from service.portals.guessed_dates import guessed
from service.portals.linked_body import linked_article_body
from service.portals.page_heading import find_heading, heading_words
from service.portals.pictures import show_true_pictures
from service.portals.prose import Body, find_parts
from service.portals.sanitise import harmless
from service.portals.titles import split_glued
from service.settings import ArticleSelectors
from service.text import clean
from service.types import Article, Outcome
from service.words import coded

_MAX_TITLE = 2_000
_SHORT = 1_000  # characters: a page may hold the rest of its text for programs only
_LABELS = 300  # characters beside a body in the block that holds its files
_PAGE = frozenset({"body", "form", "html", "main"})


def read_article_tree(tree: Tree, selectors: ArticleSelectors | None = None) -> Article:
    """Everything an article page says. Raises UnreadableError where it has no title or no content
    at all."""
    chosen = selectors or ArticleSelectors()
    regions = Contents(tree.root)
    own_body = first(tree.root, chosen.body)
    found = Body(own_body, (own_body,)) if own_body is not None else find_parts(tree, regions)
    body = found.main if found is not None else None
    heading, said = _title(tree, chosen, body, regions)
    named = first(tree.root, chosen.date)
    witnesses = witnesses_of(tree, heading, body, named)
    own = vote(witnesses, tree.now or LONG_FROM_NOW).moment
    guess = guessed(tree, tree.now, witnesses) if own is None and tree.now is not None else None
    title, glued = split_glued(said, own)
    if not title:
        raise UnreadableError(coded("read.no_title", url=tree.url), Outcome.NOT_A_LISTING)
    if glued is not None:
        witnesses, own = (*witnesses, glued.by(Source.TITLE)), glued.moment
    if guess is not None:
        witnesses, own = (*witnesses, guess), own or guess.moment
    scopes = (
        select(tree.root, chosen.attachments)
        if chosen.attachments
        else _scopes(heading, found, regions)
    )
    attachments = find_attachments([_as_scope(scope) for scope in scopes], tree.base_url, title)
    html, text = harmless(
        _source(found, regions, is_detected=own_body is None) if found else "", tree.base_url
    )
    if own_body is None and len(text) < _SHORT and (told := linked_article_body(tree.root)):
        for_programs = harmless(told, tree.base_url)
        html, text = for_programs if len(for_programs[1]) > 2 * len(text) else (html, text)
    return Article(tree.url, title[:_MAX_TITLE], own, html, text, attachments, witnesses)


def _title(
    tree: Tree, chosen: ArticleSelectors, body: LexborNode | None, regions: Contents
) -> tuple[LexborNode | None, str]:
    named = first(tree.root, chosen.title)
    if named is not None:
        return named, clean(heading_words(named))
    found = find_heading(tree, body, regions)
    return found.node, found.text


def _source(body: Body, regions: Contents, *, is_detected: bool) -> str:
    """The body's HTML. Where nobody named the body: its parts, without what is not the
    article's."""
    parts = take_out_foreign(body.parts, body.main, regions) if is_detected else body.parts
    for part in parts:
        if part.is_element_node:
            show_true_pictures(part)
    return "".join(part.html or "" for part in parts)


def _as_scope(node: LexborNode) -> LexborNode:
    """A selector may name the links themselves: then what holds them."""
    return node.parent if node.tag == "a" and node.parent is not None else node


def _scopes(heading: LexborNode | None, found: Body | None, regions: Contents) -> list[LexborNode]:
    """Where an article's files are: its body, and the block that holds both title and body where
    there is one."""
    if found is None:
        return []
    body = found.main
    above = {node.mem_id for node in ancestors(heading)} if heading else set()
    common = next((node for node in ancestors(body) if node.mem_id in above), None)
    if common is not None and common.tag not in _PAGE and common.tag != "body":
        return [body, common]
    around = body
    most = sum(regions.chars.get(part.mem_id, 0) for part in found.parts) + _LABELS
    for node in ancestors(body):
        if node.tag in _PAGE or (
            regions.chars.get(node.mem_id, 0) > most and node.mem_id != _id_of(body.parent)
        ):
            break
        around = node
    return [body] if around.mem_id == body.mem_id else [body, around]


def _id_of(node: LexborNode | None) -> int:
    return node.mem_id if node is not None else 0

"""What the reader of a portal kind is handed: a page, and its tree where one is asked for."""

from __future__ import annotations

from functools import cached_property

from service.portals.dom import Tree, parse_tree
from service.types import Page


class ListingPage:
    def __init__(self, page: Page) -> None:
        self.page = page

    @cached_property
    def tree(self) -> Tree:
        """Parsed once, however many readers look at it."""
        return parse_tree(self.page)

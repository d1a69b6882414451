"""What a route of the API is, to the table of routes and to the description that is made of it."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "service.web.api.request_body:EmptyBody"
PAGE = "service.web.api.request_body:PageQuery"


@dataclass(frozen=True, slots=True)
class Route:
    """`asks` and `gives` name models, as `module:Model`; None is nothing. A list gives pages of its
    model."""

    method: str
    path: str
    endpoint: str
    summary: str
    asks: str | None
    gives: str | None
    status: int = 200

    @property
    def is_list(self) -> bool:
        return self.endpoint.startswith("list_")

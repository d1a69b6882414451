"""Arguments that name a thing as people do: by the beginning of an id, an address, a title, a
name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from service.bootstrap import Loa


def named(**kinds: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Puts the id in the place of what was said, for each argument that is given.

    >>> @pass_loa
    ... @named(subscription_id="subscription")
    ... def show(loa, subscription_id): ...
    """

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def with_ids(loa: Loa, **given: Any) -> Any:
            from service.services.naming import FINDERS

            with loa.database.reading() as conn:
                for argument, kind in kinds.items():
                    said = given[argument]
                    if isinstance(said, tuple):
                        given[argument] = tuple(FINDERS[kind](conn, one) for one in said)
                    elif said is not None:
                        given[argument] = FINDERS[kind](conn, said)
            return command(loa, **given)

        return with_ids

    return decorated

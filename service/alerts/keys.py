"""The keys of the service: the one that makes links and seals, and those that only open what they
once made (S8).

Refuses to know where a key is kept: a `Keyring` is asked at each use, so that a rotation is taken
up at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`current` makes; `still` opens too; `ended` opens no link any more, and is known so that it
    can be said."""

    current: str
    still: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def opening(self) -> tuple[str, ...]:
        """What opens a link now, the newest first."""
        return (self.current, *self.still)

    @property
    def known(self) -> tuple[str, ...]:
        """What opens a sealed secret: with the key ended too, or a rotation cut short would lose
        it."""
        return (self.current, *self.still, *self.ended)


Keyring = Callable[[], Keys]
"""The keys as they are now."""


def as_keyring(keys: str | Keyring) -> Keyring:
    """A ring of one key for ever, for who has no more.

    >>> as_keyring("key")().current
    'key'
    """
    if isinstance(keys, str):
        alone = Keys(keys)
        return lambda: alone
    return keys

"""What an act needs to be there that the world of all acts has not, made right before each try of
it."""

from __future__ import annotations

import os
import shutil

import pytest
from sqlalchemy import insert, text

from service.storage.archive import WatchedFile, store_watch
from service.storage.meta import put_meta
from service.storage.queue import RESTORED
from service.storage.schema import to_micros
from service.storage.schema_files import archive
from tests.acts_world import World
from tests.fakes_pull import add_pull, publish

_SCAN = "5" * 64


def restored(world: World) -> None:
    """Its database was put back from a backup: nothing is sent, of one message that was due."""
    loa = world.house.loa
    with loa.database.writing() as conn:
        put_meta(conn, RESTORED, str(to_micros(loa.clock())))
        conn.execute(text("UPDATE message SET state = 'due'"))


def kept_scan(world: World) -> None:
    """A PDF without text was kept of the post before there was a program that reads pictures; its
    copy is gone."""
    if shutil.which("tesseract") is None and "CI" not in os.environ:
        pytest.skip("needs tesseract: apt-get install tesseract-ocr tesseract-ocr-vie")
    loa = world.house.loa
    with loa.database.writing() as conn:
        conn.execute(
            insert(archive).values(
                sha256=_SCAN, media_type="application/pdf", bytes=4, is_scan=1,
                archived_at=loa.clock(),
            )
        )  # fmt: skip
        watched = WatchedFile("https://quangxuong.example/quet.pdf", None, None, 4, _SCAN)
        store_watch(conn, world.names["post"], watched, loa.clock())


def handed_out(world: World) -> None:
    """The unit asked for what it is owed, and was handed a message."""
    loa = world.house.loa
    added = add_pull(loa, unit=world.names["unit"], is_confirmed=True)
    publish(loa, "post-of-pull")
    with loa.database.reading() as conn:
        query = text("SELECT id FROM message WHERE subscription_id = :id")
        world.names["handed"] = conn.execute(query, {"id": added.subscription.id}).scalar_one()

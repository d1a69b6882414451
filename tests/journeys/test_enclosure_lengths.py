"""O3: an enclosure's length is right in the first feed that has the entry, in each format, and stays."""

from __future__ import annotations

from pathlib import Path

import feedparser

from tests.fakes_site import OLD, PUBLISHED, WITH_FILE, World, open_world, pdf, post_of
from tests.patience import eventually

BODY = b"%PDF-1.7 " + b"x" * 123_456


def lengths(world: World) -> dict[str, list[tuple[str, str]]]:
    """By format, how long each file of the post is said to be, and what it is."""
    found = {}
    for fmt in ("atom", "rss"):
        read = feedparser.parse(world.get(f"/feeds/all.{fmt}").data)
        (entry,) = [one for one in read.entries if one.title == WITH_FILE.title]
        found[fmt] = [(str(one.get("length")), one.type) for one in entry.enclosures]
    items = world.get("/feeds/all.json").get_json()["items"]
    (item,) = [one for one in items if one["title"] == WITH_FILE.title]
    found["json"] = [(str(one["size_in_bytes"]), one["mime_type"]) for one in item["attachments"]]
    return found


def test_O3_the_first_feed_that_has_a_post_says_how_long_its_file_is(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.show(*OLD)
        world.poll(0)
        for path in WITH_FILE.files:
            world.site.answers[path] = pdf(BODY)
        world.show(WITH_FILE, *OLD)
        world.poll()
        assert world.alerts() == [(WITH_FILE.title, PUBLISHED)]
        assert post_of(world, WITH_FILE.title).revision == 1
        eventually(lambda: WITH_FILE.title in world.get("/feeds/all.json").get_data(as_text=True))
        whole = [(str(len(BODY)), "application/pdf")] * len(WITH_FILE.files)
        assert whole and lengths(world) == dict.fromkeys(("atom", "rss", "json"), whole)
        tags = {fmt: world.get(f"/feeds/all.{fmt}").headers["ETag"] for fmt in ("atom", "rss")}
        world.poll(7 * 3600)
        assert {fmt: world.get(f"/feeds/all.{fmt}").headers["ETag"] for fmt in tags} == tags

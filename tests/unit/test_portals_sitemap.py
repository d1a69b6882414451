"""L20: what sitemaps name."""

from __future__ import annotations

import gzip
from datetime import date

from service.portals.sitemap import MAX_BYTES, MAX_ENTRIES, SitemapEntry, read_sitemap, sitemaps_of

MAP = (
    b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    b"<url><loc> https://x/a?b=1&amp;c=2 </loc><lastmod>2026-11-20T08:00:00+07:00</lastmod></url>"
    b"<url><loc><![CDATA[https://x/b]]></loc><image:loc>https://x/i.png</image:loc></url>"
    b"<url><loc>https://x/c</loc><lastmod>hom qua</lastmod><lastmod>2026-11-21</lastmod></url>"
    b"</urlset>"
)
READ = (
    SitemapEntry("https://x/a?b=1&c=2", date(2026, 11, 20)),
    SitemapEntry("https://x/b", None),
    SitemapEntry("https://x/c", date(2026, 11, 21)),
)


def test_L20_robots_names_sitemaps_anywhere_each_once() -> None:
    robots = "User-agent: *\nDisallow: /x\nSitemap: https://x/a.xml\n sitemap:https://x/b.xml.gz\n"
    robots += "SITEMAP : https://x/a.xml\n# Sitemap: https://x/no.xml\n"
    assert sitemaps_of(robots) == ["https://x/a.xml", "https://x/b.xml.gz"]


def test_L20_a_sitemap_is_read_packed_or_not() -> None:
    for body in (MAP, gzip.compress(MAP)):
        found = read_sitemap(body)
        assert (found.is_index, found.entries) == (False, READ)
    index = b"<sitemapindex><sitemap><loc>https://x/1.xml</loc></sitemap></sitemapindex>"
    assert read_sitemap(index).is_index
    assert read_sitemap(b"<lastmod>2026-11-21</lastmod>").entries == ()


def test_L20_what_is_no_sitemap_names_nothing_and_what_is_too_much_is_cut() -> None:
    assert read_sitemap(b"<html>404</html>").entries == ()
    assert read_sitemap(b"\x1f\x8b broken").entries == ()
    many = b"<url><loc>https://x/a</loc></url>" * (MAX_ENTRIES + 5)
    assert len(read_sitemap(many).entries) == MAX_ENTRIES
    bomb = gzip.compress(b" " * (MAX_BYTES + 10) + MAP)
    assert read_sitemap(bomb).entries == ()

"""A portal as the text of its file."""

from __future__ import annotations

import json
from urllib.parse import urljoin

from service.settings import PortalConfig


def render_portal(portal: PortalConfig) -> str:
    """A portal file as `settings` reads it. TOML's basic strings are JSON's but for DEL, which no
    address has."""

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "")

    base = portal.base_url + "/"
    lines = [
        f"id = {quoted(portal.id)}",
        f"name = {quoted(portal.name)}",
        f"base_url = {quoted(portal.base_url)}",
        f"kind = {quoted(portal.kind)}",
    ]
    if portal.province:
        lines.append(f"province = {quoted(portal.province)}")
    if portal.districts:
        lines.append(f"districts = [{', '.join(map(quoted, portal.districts))}]")
    for listing in portal.listings:
        address = urljoin(base, listing.url)
        short = address[len(portal.base_url) :] if address.startswith(base) else address
        lines += ["", "[[listings]]", f"url = {quoted(short)}"]
        if listing.category:
            lines.append(f"category = {quoted(listing.category)}")
    return "\n".join(lines) + "\n"

"""The HTML half of mails: fragments that read well on a phone and in Outlook (tables, inline
styles).

Owns markup only. Every value is escaped here; only http and https addresses become links.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from service.alerts.headers import visible_line

_FONT = "font-family:'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_MUTED = f"{_FONT};font-size:14px;line-height:21px;color:#555555"
_TEXT = f"{_FONT};font-size:16px;line-height:25px;color:#1a1a1a"


def is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def top(language: str, title: str) -> str:
    """Everything before the first row; Outlook, which knows no max-width, gets a table of 600 px
    around it."""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title></head>\n"
        '<body style="margin:0;padding:0;background:#f2f4f7">\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">'
        '<tr><td align="center" style="padding:12px 8px">\n'
        '<!--[if mso]><table role="presentation" width="600" cellpadding="0" '
        'cellspacing="0"><tr><td><![endif]-->\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" '
        'style="max-width:600px;background:#ffffff;border-top:4px solid #b3261e">\n'
    )


def html_row(inner: str, style: str = _TEXT, padding: str = "0 20px 12px") -> str:
    return f'<tr><td style="padding:{padding};{style}">\n{inner}\n</td></tr>\n'


def kicker(value: str) -> str:
    style = f"{_FONT};font-size:13px;line-height:20px;color:#b3261e;font-weight:600"
    return html_row(escape(value), style, "20px 20px 4px")


def heading(value: str) -> str:
    style = f"{_FONT};font-size:20px;line-height:28px;color:#1a1a1a;font-weight:700"
    return html_row(
        f'<h1 style="margin:0;font-size:20px;line-height:28px">{escape(value)}</h1>', style
    )


def paragraphs(value: str) -> str:
    return "".join(html_row(escape(line)) for line in value.split("\n") if line)


def contents(title: str, label: str, items: Iterable[str]) -> str:
    lines = "".join(f'<li style="margin:0 0 6px">{escape(item)}</li>\n' for item in items)
    inner = f'<b>{escape(label)}:</b>\n<ol style="margin:6px 0 0;padding-left:24px">\n{lines}</ol>'
    return (
        html_row(
            f'<h1 style="margin:0;font-size:22px;line-height:30px">{escape(title)}</h1>',
            padding="20px 20px 10px",
        )
        + html_row(inner)
        + rule()
    )


def note(value: str) -> str:
    return html_row(f'<div style="padding:10px 12px;background:#fff4e5">{escape(value)}</div>')


def changes(inner: str) -> str:
    """What an edit changed, already marked up."""
    return html_row(inner, f"{_TEXT};font-size:15px") if inner else ""


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    lines = "<br>\n".join(f"<b>{escape(label)}:</b> {escape(value)}" for label, value in pairs)
    return html_row(lines, f"{_TEXT};font-size:15px") if lines else ""


def files(label: str, items: Iterable[tuple[str, str]]) -> str:
    links = "<br>\n".join(link(url, name) for url, name in items)
    return (
        html_row(f"<b>{escape(label)}:</b><br>\n{links}", f"{_TEXT};font-size:15px")
        if links
        else ""
    )


def link(url: str, label: str) -> str:
    url = visible_line(url)
    if not is_web(url):
        return escape(label)
    return (
        f'<a href="{escape(url)}" style="color:#0b57d0;word-break:break-word">{escape(label)}</a>'
    )


def button(url: str, label: str) -> str:
    """A button of at least 44 px, drawn by a table cell since Outlook pads no links."""
    url = visible_line(url)
    if not is_web(url):
        return ""
    return (
        '<tr><td style="padding:4px 20px 14px"><table role="presentation" cellpadding="0" '
        'cellspacing="0" '
        'border="0"><tr><td bgcolor="#0b57d0" style="border-radius:6px;padding:11px 20px">\n'
        f'<a href="{escape(url)}" style="{_FONT};font-size:16px;line-height:22px;color:#ffffff;'
        f'text-decoration:none;font-weight:600">{escape(label)}</a>\n</td></tr></table></td></tr>\n'
    )


def rule() -> str:
    return (
        '<tr><td style="padding:4px 20px"><div style="border-top:1px solid '
        '#dddddd"></div></td></tr>\n'
    )


def small(inner: str) -> str:
    return html_row(inner, _MUTED, "4px 20px 8px")


def bottom() -> str:
    return (
        "</table>\n<!--[if "
        "mso]></td></tr></table><![endif]-->\n</td></tr></table>\n</body></html>\n"
    )

"""What would have been right, beside what went wrong (`sentences_error`): (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

ALLOWED: Mapping[str, tuple[str, str]] = {
    "allowed.url_short": (
        "một địa chỉ https không có dấu cách, nhiều nhất 2.000 ký tự",
        "an https address without spaces, of at most 2,000 characters",
    ),
    "allowed.url_no_user": (
        "địa chỉ không có tên và mật khẩu; chữ ký đã chứng tỏ ai gửi",
        "an address without user and password; the signature proves the sender",
    ),
    "allowed.url_no_fragment": ("địa chỉ không có '#'", "an address without '#'"),
    "allowed.url_port": (
        "443, 80, hoặc một cổng trên 1023 phục vụ HTTP",
        "443, 80, or a port above 1023 that serves HTTP",
    ),
    "allowed.url_form": ("một tên, hoặc bốn số thập phân", "a name, or four decimal numbers"),
    "allowed.url_name": ("một tên miền", "a domain name"),
    "allowed.url_address": ("một tên miền, hoặc một địa chỉ", "a domain name, or an address"),
    "allowed.url_public_name": (
        "một tên công khai; hoặc đặt webhooks.allow_private_networks",
        "a public name; or set webhooks.allow_private_networks",
    ),
    "allowed.url_https": (
        "https; hoặc đặt webhooks.allow_private_networks",
        "https; or set webhooks.allow_private_networks",
    ),
    "allowed.url_public": (
        "một địa chỉ công khai; hoặc đặt webhooks.allow_private_networks",
        "a public one; or set webhooks.allow_private_networks",
    ),
    "allowed.among": ("{names}", "{names}"),
    "allowed.characters": ("nhiều nhất {limit} ký tự", "at most {limit} characters"),
    "allowed.filled": ("từ 1 đến {limit} ký tự", "1 to {limit} characters"),
    "allowed.line": ("một dòng nhiều nhất {limit} ký tự", "one line of at most {limit} characters"),
    "allowed.lines": (
        "văn bản nhiều nhất {limit} ký tự, không có ký tự điều khiển",
        "a text of at most {limit} characters, without control characters",
    ),
    "allowed.at_most": ("nhiều nhất {limit}", "at most {limit}"),
    "allowed.values": ("nhiều nhất {limit} giá trị", "at most {limit} values"),
    "allowed.times": ("nhiều nhất {limit} lần", "at most {limit} times"),
    "allowed.seconds": ("số giây nguyên, từ 1 đến {limit}", "whole seconds, 1 to {limit}"),
    "allowed.once": ("một lần", "once"),
    "allowed.address": ("một địa chỉ như ten@coquan.vn", "one address such as ten@coquan.vn"),
    "allowed.instant": (
        "một thời điểm theo RFC 3339, như 2026-11-23T08:00:00+07:00",
        "an instant of RFC 3339 as 2026-11-23T08:00:00+07:00",
    ),
    "allowed.instant_or_day": (
        "một thời điểm theo RFC 3339, như 2026-11-23, 2026-11-23T08:00 hoặc có múi giờ",
        "an instant of RFC 3339 as 2026-11-23, 2026-11-23T08:00 or with an offset",
    ),
    "allowed.text": ("chữ", "text"),
    "allowed.words": ("chữ", "words"),
    "allowed.keyword": (
        "một hay vài từ của tiêu đề hoặc nội dung",
        "a word or words of a title or text",
    ),
    "allowed.id_of": ("mã của một {field}", "the id of a {field}"),
    "allowed.next": ("`next` của trang trước", "the `next` of the page before"),
    "allowed.before": ("`before` của một liên kết", "the `before` of a link"),
    "allowed.before_next": ("`before` của một liên kết `next`", "the `before` of a `next` link"),
    "allowed.new_key": ("một khóa mới", "a new key"),
    "allowed.own_unit": (
        "đơn vị của chính khóa này, hoặc bỏ trống",
        "the token's own unit, or none given",
    ),
    "allowed.immediate": ("immediate, hoặc bỏ trống", "immediate, or none given"),
    "allowed.none": ("không có", "none"),
    "allowed.another_name": ("một tên khác", "another name"),
    "allowed.another_address": ("kèm một địa chỉ khác", "with another address"),
    "allowed.header_name": (
        "chữ cái, chữ số, '-', nhiều nhất 64",
        "letters, digits, '-', at most 64",
    ),
    "allowed.header_value": ("chữ ASCII in được, nhiều nhất 1.000", "printable ASCII, 1,000"),
    "allowed.feed_without_q": ("nguồn tin không có `q`", "a feed without `q`"),
    "allowed.whole_link": ("cả liên kết, như đã được gửi", "the whole link, as it was sent"),
    "allowed.smtp": (
        "webhook; hoặc đặt email.smtp_url, như smtp://relay.example:25",
        "webhook; or set email.smtp_url, as smtp://relay.example:25",
    ),
    "allowed.replay": (
        "một lượt gửi, một đăng ký, một thời điểm, hoặc mọi lượt gửi hỏng",
        "a delivery, a subscription, a time, or all failed",
    ),
}

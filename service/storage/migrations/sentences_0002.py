"""The sentences that version 0002 of the database stored, and how each is read back as a code with
its facts.

Frozen: what `service.words` says today may be worded anew, this may not.
"""

import re
from ast import literal_eval

import orjson

_TEMPLATES = (
    ("fetch.no_address", "cannot fetch {url!r}: not an address"),
    ("fetch.not_http", "cannot fetch {url!r}: not an http address"),
    ("fetch.name_silent", "cannot fetch {url!r}: no answer about the name {host!r}"),
    ("fetch.name_not_now", "cannot fetch {url!r}: the name {host!r} cannot be looked up now"),
    ("fetch.name_unknown", "cannot fetch {url!r}: the name {host!r} is not known"),
    ("fetch.private", "cannot fetch {url!r}: {host!r} is on a private network"),
    ("fetch.no_way", "cannot fetch {url!r}: there is no way to the host's addresses"),
    ("fetch.own_network", "cannot fetch {url!r}: our own network is down"),
    ("fetch.failed", "cannot fetch {url!r}: {said}"),
    ("fetch.unreachable", "cannot reach {url!r}: {said}"),
    ("fetch.late", "cannot fetch {url!r}: no whole answer in {timeout_s:g} s"),
    ("fetch.too_much", "cannot fetch {url!r}: the answer is larger than allowed"),
    ("fetch.too_big", "cannot fetch {url!r}: larger than {cap} bytes"),
    ("fetch.answered", "cannot fetch {url!r}: the host answers {status}"),
    ("fetch.coding", "cannot fetch {url!r}: answered in {coding!r}, which was not asked for"),
    ("fetch.coded_often", "cannot fetch {url!r}: compressed {n} times"),
    ("fetch.damaged", "cannot fetch {url!r}: damaged compression"),
    ("fetch.cut", "cannot fetch {url!r}: the answer ends in its middle"),
    ("fetch.loop", "cannot fetch {url!r}: a redirect loop"),
    ("fetch.many_hops", "cannot fetch {url!r}: more than {n} redirects"),
    ("fetch.many_targets", "cannot fetch {url!r}: it redirects to {n} addresses at once"),
    ("fetch.redirected", "cannot fetch {url!r}: it redirects to {target!r}, which {reason}"),
    ("redirect.no_address", "is no address"),
    ("redirect.not_http", "is no http address"),
    ("redirect.private", "is an address of a private network"),
    ("redirect.another_host", "is another host"),
    ("redirect.cleartext", "gives up encryption"),
    ("redirect.another_port", "is another port"),
    ("fetch.robots_fault", "cannot fetch {url!r}: robots.txt of the host {reason}"),
    ("fetch.robots", "cannot fetch {url!r}: robots.txt of the host forbids it"),
    ("robots.answered", "answers {status}"),
    ("fetch.moved", "moved permanently to {target!r}"),
    ("read.empty", "cannot read {url!r}: the page is empty"),
    ("read.data", "cannot read {url!r}: not a page but {media!r}"),
    ("read.recognised", "cannot read {url!r}: a page of {outcome}, not of posts"),
    ("read.no_elements", "cannot read {url!r}: it has no elements"),
    ("read.no_title", "cannot read article {url!r}: it has no title"),
    ("read.no_posts", "cannot read {url!r}: no posts were found"),
    ("read.no_links", "cannot read listing {url!r}: no link to an article among {n} links"),
    (
        "read.no_list",
        "cannot read listing {url!r}: nothing among {n} links looks like a list of posts",
    ),
    (
        "read.no_rows",
        "cannot read listing {url!r}: {selector!r} matches {n} rows, none with a post",
    ),
    ("read.no_feed", "cannot read feed {url!r}: {said}"),
    ("read.feed_fault", "cannot read feed {url!r}: feedparser gives up: {said}"),
    ("read.front_page", "cannot read {url!r}: it leads to the front page"),
    ("read.says_none", "cannot read {url!r}: the page says that there is none"),
    ("read.another", "cannot read {url!r}: it shows another article, {title!r}"),
    ("read.ended", "cannot read {url!r} of portal {portal!r}: {reason}"),
    (
        "read.aside",
        "cannot read {url!r}: it is put aside until {until_at}, for it stopped Loa {times} times, "
        "lately at {last_at}",
    ),
    ("reader.late", "it took longer than {wall_s:g} s"),
    ("reader.broke_off", "its reader broke off: {said}"),
    ("reader.fell", "its reader fell over, or needed more than {cpu_s} s or {mb} MB"),
    ("reader.unstarted", "cannot start a process that reads documents: {said}"),
    ("reader.nonsense", "its reader answers nonsense: {said}"),
    ("reader.failed", "its reader failed: {said}"),
    ("file.is_page", "a page came instead of the file"),
    (
        "tls.self_signed",
        "the certificate of {host!r} is signed by itself; give its issuer as ca_file",
    ),
    ("tls.expired", "the certificate of {host!r} has expired"),
    ("tls.expired_on", "the certificate of {host!r} has expired on {on}"),
    (
        "tls.incomplete",
        "the chain of {host!r} is incomplete: the certificate of its issuer {issuer!r} is "
        "missing; give it, as PEM, as ca_file of the portal",
    ),
    (
        "tls.incomplete_at",
        "the chain of {host!r} is incomplete: the certificate of its issuer {issuer!r} is "
        "missing; it is at {where}; give it, as PEM, as ca_file of the portal",
    ),
    ("tls.invalid", "the certificate of {host!r} is not valid: {said}"),
    ("tls.failed", "TLS failed: {said}"),
    (
        "tls.unsupported_protocol",
        "{host!r} speaks only versions of TLS older than 1.2; `legacy_tls = true` in the portal's "
        "file speaks them too, verification stays on ({said})",
    ),
    (
        "tls.wrong_ssl_version",
        "{host!r} speaks only versions of TLS older than 1.2; `legacy_tls = true` in the portal's "
        "file speaks them too, verification stays on ({said})",
    ),
    (
        "tls.tlsv1_alert_protocol_version",
        "{host!r} speaks no version of TLS that we do; `legacy_tls = true` in the portal's file "
        "speaks them too, verification stays on ({said})",
    ),
    (
        "tls.sslv3_alert_handshake_failure",
        "{host!r} knows none of our ciphers: it may know old ones alone; `legacy_tls = true` in "
        "the portal's file speaks them too, verification stays on ({said})",
    ),
    (
        "tls.no_shared_cipher",
        "{host!r} knows none of our ciphers; `legacy_tls = true` in the portal's file speaks them "
        "too, verification stays on ({said})",
    ),
    (
        "tls.no_ciphers_available",
        "{host!r} knows none of our ciphers; `legacy_tls = true` in the portal's file speaks them "
        "too, verification stays on ({said})",
    ),
    (
        "tls.wrong_cipher_returned",
        "{host!r} knows none of our ciphers; `legacy_tls = true` in the portal's file speaks them "
        "too, verification stays on ({said})",
    ),
    (
        "tls.dh_key_too_small",
        "the key exchange of {host!r} is too weak; `legacy_tls = true` in the portal's file "
        "speaks them too, verification stays on ({said})",
    ),
    ("tls.bad_ecpoint", "the key exchange of {host!r} is broken ({said})"),
    (
        "tls.ee_key_too_small",
        "the key of the certificate of {host!r} is too short; `legacy_tls = true` in the portal's "
        "file speaks them too, verification stays on ({said})",
    ),
    (
        "tls.ca_key_too_small",
        "the key of an issuer of {host!r} is too short; `legacy_tls = true` in the portal's file "
        "speaks them too, verification stays on ({said})",
    ),
    (
        "tls.ca_md_too_weak",
        "the certificate of {host!r} is signed in a way that is forgeable; `legacy_tls = true` in "
        "the portal's file speaks them too, verification stays on ({said})",
    ),
    (
        "tls.wrong_signature_type",
        "{host!r} signs in an old way; `legacy_tls = true` in the portal's file speaks them too, "
        "verification stays on ({said})",
    ),
    (
        "tls.legacy_sigalg_disallowed_or_unsupported",
        "{host!r} signs in an old way; `legacy_tls = true` in the portal's file speaks them too, "
        "verification stays on ({said})",
    ),
    (
        "tls.unsafe_legacy_renegotiation_disabled",
        "{host!r} renegotiates in the old, unsafe way; `legacy_tls = true` in the portal's file "
        "speaks them too, verification stays on ({said})",
    ),
    (
        "tls.wrong_version_number",
        "{host!r} answers without TLS on the port of TLS: is it http://? ({said})",
    ),
    (
        "tls.http_request",
        "{host!r} answers without TLS on the port of TLS: is it http://? ({said})",
    ),
    ("tls.unexpected_eof_while_reading", "{host!r} hangs up before TLS is agreed upon ({said})"),
    ("tls.tlsv1_unrecognized_name", "{host!r} says that it is not called so ({said})"),
    ("tls.tlsv13_alert_certificate_required", "{host!r} wants a certificate of ours ({said})"),
    ("subscription.pending", "đăng ký chưa được xác nhận"),
    ("subscription.paused", "đăng ký đang tạm dừng"),
    ("subscription.disabled", "đăng ký bị ngừng vì đầu nhận hỏng"),
    ("subscription.suspended", "đăng ký bị ngừng vì thư bị trả lại"),
    ("subscription.removed", "đăng ký đã được gỡ bỏ"),
    ("subscription.gone", "đăng ký không còn nữa"),
    ("subscription.keyless", "đăng ký không có khóa để ký"),
    ("subscription.moved", "địa chỉ mới chưa được xác nhận"),
    ("by.owner_unsubscribed", "người nhận đã hủy"),
    ("by.owner_paused", "người nhận tạm dừng"),
    ("by.erasure", "đã xóa dữ liệu theo yêu cầu"),
    ("by.unit_removed", "đơn vị đã được gỡ bỏ"),
    ("bounced.hard", "thư bị trả lại: địa chỉ không nhận được"),
    ("bounced.soft", "thư bị hoãn nhiều ngày liền"),
    ("bounced.complaint", "người nhận báo thư rác"),
    ("endpoint.gone", "đầu nhận trả lời 410: không còn nhận nữa"),
    ("endpoint.failed_long", "đầu nhận hỏng quá lâu"),
    ("webhook.forbidden", "địa chỉ không được phép gửi tới"),
    ("webhook.accepted", "đã nhận ({status})"),
    ("webhook.accepted_cut", "đã nhận ({status}), phần còn lại của trả lời bị bỏ qua"),
    ("webhook.redirected", "trả lời {status} (chuyển hướng): không bao giờ đi theo"),
    ("webhook.gone", "trả lời 410: không còn nhận nữa"),
    ("webhook.too_big", "trả lời {status}: quá lớn"),
    ("webhook.wrong_type", "trả lời {status}: sai kiểu nội dung"),
    ("webhook.unprocessable", "trả lời {status}: nội dung không hợp lệ"),
    ("webhook.incomplete", "không trả lời hoàn chỉnh"),
    ("webhook.answered", "trả lời {status}"),
    ("webhook.timed_out", "quá thời hạn mà chưa trả lời"),
    ("webhook.tls", "chứng chỉ hoặc kết nối TLS không dùng được"),
    ("webhook.unresolved", "không phân giải được tên miền"),
    ("webhook.unconnected", "không kết nối được"),
    ("webhook.broken", "kết nối bị ngắt, hoặc trả lời không phải HTTP"),
    ("own.unsignable", "không mở được khóa ký bằng service.secret_key hiện tại"),
    ("own.unprepared", "lỗi của Loa: không soạn được tin"),
    ("message.handed_back", "được trả lại, chưa biết kết quả"),
    ("message.not_begun", "handed back: not begun"),
    ("message.address_changed", "địa chỉ đã đổi"),
    ("message.told_by_mail", "đã được báo bằng thư của một đăng ký khác cùng địa chỉ"),
    ("message.restored", "cơ sở dữ liệu được khôi phục: có thể đã gửi trước đó"),
    ("message.for_nobody", "không còn ai nhận thư này"),
    ("message.unwritable", "không gửi được: {field} {problem}"),
    ("relay.none", "email.smtp_url is empty: no mail can be sent"),
    ("relay.closes", "the mail relay closes: {said}"),
    ("relay.confused", "the mail relay is confused: {said}"),
    ("relay.refuses_sender", "the mail relay refuses the sender: {said}"),
    ("relay.broke_off", "the mail relay broke off: {reason}"),
    ("relay.lost", "the connection was lost while the mail was handed over: {reason}"),
    ("relay.unconnected", "cannot connect to the mail relay: {said}"),
    ("relay.unusable", "cannot use the mail relay: {said}"),
    ("relay.greeting", "cannot use the mail relay: it answers the greeting with {said}"),
    (
        "relay.no_starttls",
        "cannot use the mail relay: it offers no STARTTLS, which starttls=1 requires",
    ),
    (
        "relay.closed_early",
        "cannot use the mail relay: it closed the connection after the greeting",
    ),
    ("relay.endless", "it says something without end"),
    ("relay.closed", "it closed the connection"),
    ("relay.closed_all", "the mail relay closed all connections"),
    ("relay.silent", "it did not answer in time"),
    ("bounce.complaint", "khiếu nại của người nhận"),
    ("bounce.feedback", "báo cáo kiểm tra thư"),
    ("bounce.unproven", "không có dấu của dịch vụ này"),
    ("bounce.automatic", "thư trả lời tự động"),
    ("bounce.deferred", "thư bị hoãn"),
    ("bounce.returned", "thư bị trả lại"),
    ("bounce.none", "không phải thư trả lại"),
    ("subscription.keyless", "đăng ký không có khoá để ký"),
    ("own.unsignable", "không mở được khoá ký bằng service.secret_key hiện tại"),
    ("by.operator", "admin: {name}"),
    ("by.api", "API: {name}"),
)
"""(code, sentence): `{fact}` stands for any words, `{fact!r}` for quoted ones, `{reason}` for
another sentence."""

_NUMBERS = frozenset({"status", "n", "cap", "times", "cpu_s", "mb"})
_FACT = re.compile(r"\{(\w+)(?:(!r)|:g)?\}")
_QUOTED = r"""'[^'\n]*+'|"[^"\n]*+\""""
_INSTANT = re.compile(r"(\d{2}:\d{2}) ngày (\d{2})/(\d{2})/(\d{4})")
_GAVE_UP = re.compile(r"(.*); tried (\d+) times", re.DOTALL)
_RELAY = re.compile(r"\d{3} ")
_REPORTED = re.compile(r"[a-z-]+(?: [245][\d.]*)?")
_MATCH = {"chuyên mục": "category", "cổng": "portal", "địa bàn": "place"}
_KEYWORDS, _ALL = "từ khoá ", "không đặt bộ lọc: nhận mọi tin"
_KEYWORD = re.compile("“([^”]*)”")
_MOST = 4_000
"""Characters of a sentence that is read back; what is longer is kept as it is."""


def _expression(sentence: str) -> re.Pattern[str]:
    parts, at = [], 0
    for found in _FACT.finditer(sentence):
        name, quoted = found[1], found[2]
        parts.append(re.escape(sentence[at : found.start()]))
        inner = (
            _QUOTED
            if quoted
            else r"\d+"
            if name in _NUMBERS
            else r"[\d.]+"
            if name.endswith("_s")
            else r".+?"
        )
        parts.append(f"(?P<{name}>{inner})")
        at = found.end()
    return re.compile("".join(parts) + re.escape(sentence[at:]), re.DOTALL)


_PLAIN = {sentence: code for code, sentence in _TEMPLATES if "{" not in sentence}
_OPEN = tuple((code, _expression(sentence)) for code, sentence in _TEMPLATES if "{" in sentence)
_BY_LENGTH = tuple(sorted(_OPEN, key=lambda one: -len(one[1].pattern)))
"""The longest first: "answered 503: too big" before "answered 503"."""


def to_code(sentence: str) -> str:
    """What is stored for a sentence from now on."""
    if sentence in _PLAIN:
        return _PLAIN[sentence]
    if len(sentence) <= _MOST:
        gave_up = _GAVE_UP.fullmatch(sentence)
        if gave_up is not None:
            return _coded("relay.gave_up", {"reason": to_code(gave_up[1]), "n": int(gave_up[2])})
        for code, expression in _BY_LENGTH:
            found = expression.fullmatch(sentence)
            if (
                found is not None
                and code == "fetch.failed"
                and (tls := to_code(found["said"])).startswith("tls.")
            ):
                return _coded("fetch.tls", {"url": _value("url", found["url"]), "reason": tls})
            if found is not None:
                return _coded(
                    code, {name: _value(name, said) for name, said in found.groupdict().items()}
                )
        if _RELAY.match(sentence):
            return _coded("relay.answered", {"said": sentence})
        if _REPORTED.fullmatch(sentence):
            return _coded("bounce.reported", {"said": sentence})
    return _coded("other", {"words": sentence})


def to_match(rule: str) -> str:
    """What is stored for the filters that a change met: `chuyên mục a, b; từ khoá “rét”`."""
    if rule == _ALL:
        return "match"
    before, keywords, after = rule.partition(_KEYWORDS)
    facts: dict[str, object] = {}
    for part in before.removesuffix("; ").split("; "):
        label = next((one for one in _MATCH if part.startswith(f"{one} ")), None)
        if label is not None:
            facts[_MATCH[label]] = part[len(label) + 1 :].split(", ")
        elif part:
            return _coded("other", {"words": rule})
    if keywords:
        facts["keyword"] = _KEYWORD.findall(after)
    return _coded("match", facts) if facts else _coded("other", {"words": rule})


def _value(name: str, said: str) -> object:
    if said[:1] in "'\"" and said[-1:] == said[:1] and len(said) > 1:
        try:
            return str(literal_eval(said))
        except (ValueError, SyntaxError):
            return said[1:-1]
    if name == "reason":
        return to_code(said)
    if name in _NUMBERS:
        return int(said)
    if name.endswith("_s"):
        return float(said)
    when = _INSTANT.fullmatch(said)
    return f"{when[4]}-{when[3]}-{when[2]}T{when[1]}:00+07:00" if when else said


def _coded(code: str, facts: dict[str, object]) -> str:
    return f"{code} {orjson.dumps(facts).decode()}"

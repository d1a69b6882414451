"""Why a delivery, a message or a subscription is as it is, and what an attempt came to:
(Vietnamese, English).

Their codes stand in the ledger; a code that was ever stored stays here.
"""

from __future__ import annotations

from collections.abc import Mapping

DELIVERY: Mapping[str, tuple[str, str]] = {
    "other": ("{words}", "{words}"),
    # of a subscription that is not active
    "subscription.pending": ("đăng ký chưa được xác nhận", "the subscription is not confirmed yet"),
    "subscription.paused": ("đăng ký đang tạm dừng", "the subscription is paused"),
    "subscription.disabled": (
        "đăng ký bị ngừng vì đầu nhận hỏng",
        "the subscription is disabled, for its endpoint fails",
    ),
    "subscription.suspended": (
        "đăng ký bị ngừng vì thư bị trả lại",
        "the subscription is suspended, for its mail came back",
    ),
    "subscription.removed": ("đăng ký đã được gỡ bỏ", "the subscription was removed"),
    "subscription.gone": ("đăng ký không còn nữa", "the subscription is gone"),
    "subscription.keyless": (
        "đăng ký không có khóa để ký",
        "the subscription has no secret to sign with",
    ),
    "subscription.moved": (
        "địa chỉ mới chưa được xác nhận",
        "the new address is not confirmed yet",
    ),
    # who changed it
    "by.owner_unsubscribed": (
        "hủy bằng liên kết trong thư gửi đến địa chỉ này",
        "ended by a link in mail to this address",
    ),
    "by.owner_paused": (
        "tạm dừng bằng liên kết trong thư gửi đến địa chỉ này",
        "paused by a link in mail to this address",
    ),
    "by.owner_edited": (
        "bằng liên kết trong thư gửi đến địa chỉ này",
        "by a link in mail to this address",
    ),
    "by.operator": ("quản trị viên: {name}", "the operator: {name}"),
    "by.api": ("API: {name}", "API: {name}"),
    "by.unit_page": ("trên trang riêng của đơn vị", "on the unit's own page"),
    "by.erasure": ("đã xóa dữ liệu theo yêu cầu", "its owner's data was erased on request"),
    "by.unit_removed": ("đơn vị đã được gỡ bỏ", "its unit was removed"),
    "by.unit_merged": (
        "đơn vị đã nhập vào đơn vị khác, có cùng kênh nhận tin",
        "its unit became part of another one that hears by the same channel",
    ),
    "by.token_ended": ("khóa đã hết hạn", "its last day is over"),
    "by.added": ("đã có đăng ký mới thay thế", "a new subscription has taken its place"),
    "by.vouched": ("quản trị viên đã thêm lại", "the operator has added it again"),
    "by.confirmed": ("nơi nhận đã xác nhận", "its receiver has confirmed it"),
    "by.command": ("quản trị viên, bằng lệnh", "the operator, by command"),
    # of mail that came back
    "bounced.hard": (
        "thư bị trả lại: địa chỉ không nhận được",
        "mail came back: the address takes none",
    ),
    "bounced.hard_before": (
        "thư bị trả lại: địa chỉ không nhận được (theo cách xét cũ, sẽ được hỏi lại)",
        "mail came back: the address takes none (by the older rules; it is asked again)",
    ),
    "bounced.soft": ("thư bị hoãn nhiều ngày liền", "mail was deferred on several days"),
    "bounced.unmailable": (
        "không máy chủ thư nào nhận được địa chỉ này",
        "no relay can be given the address",
    ),
    "bounced.taken_again": (
        "thư gửi sau đó không bị trả lại",
        "what was mailed since did not come back",
    ),
    "bounced.about_us": (
        "nhiều địa chỉ cùng nhà cung cấp bị từ chối cùng lúc, nên đó là vì máy chủ thư của Loa, không "
        "phải vì địa chỉ này",
        "many addresses of its provider were refused at once: that was about Loa's own mail server, "
        "not about this address",
    ),
    "bounced.complaint": ("người nhận báo thư rác", "its owner reported the mail as spam"),
    # of an endpoint
    "endpoint.gone": (
        "đầu nhận trả lời 410: không còn nhận nữa",
        "the endpoint answers 410: it takes no more",
    ),
    "endpoint.failed_long": ("đầu nhận hỏng quá lâu", "the endpoint has failed for too long"),
    # what an attempt at a webhook came to
    "webhook.forbidden": (
        "địa chỉ không được phép gửi tới; webhooks.allow_private_networks cho phép mạng riêng",
        "the address may not be sent to; webhooks.allow_private_networks allows private ones",
    ),
    "webhook.accepted": ("đã nhận ({status})", "accepted ({status})"),
    "webhook.accepted_cut": (
        "đã nhận ({status}), phần còn lại của trả lời bị bỏ qua",
        "accepted ({status}), the rest of the answer was ignored",
    ),
    "webhook.redirected": (
        "trả lời {status} (chuyển hướng): không bao giờ đi theo",
        "answered {status} (a redirect): never followed",
    ),
    "webhook.gone": ("trả lời 410: không còn nhận nữa", "answered 410: it takes no more"),
    "webhook.too_big": ("trả lời {status}: quá lớn", "answered {status}: too big"),
    "webhook.wrong_type": (
        "trả lời {status}: sai kiểu nội dung",
        "answered {status}: wrong content type",
    ),
    "webhook.unprocessable": (
        "trả lời {status}: nội dung không hợp lệ",
        "answered {status}: unusable content",
    ),
    "webhook.incomplete": ("không trả lời hoàn chỉnh", "gave no whole answer"),
    "webhook.answered": ("trả lời {status}", "answered {status}"),
    "webhook.timed_out": ("quá thời hạn mà chưa trả lời", "did not answer in time"),
    "webhook.tls": (
        "chứng chỉ hoặc kết nối TLS không dùng được",
        "the certificate or TLS connection cannot be used",
    ),
    "webhook.unresolved": ("không phân giải được tên miền", "the host name cannot be resolved"),
    "webhook.unconnected": ("không kết nối được", "cannot be connected to"),
    "webhook.broken": (
        "kết nối bị ngắt, hoặc trả lời không phải HTTP",
        "the connection broke off, or the answer was no HTTP",
    ),
    "pull.acknowledged": ("đơn vị báo đã lấy", "the office said that it has it"),
    # why a message waits or does not go
    "own.unsignable": (
        "không mở được khóa ký bằng service.secret_key hiện tại",
        "the signing secret cannot be opened with the present service.secret_key",
    ),
    "own.unprepared": (
        "lỗi của Loa: không soạn được tin",
        "a fault of Loa: the message cannot be prepared",
    ),
    "message.handed_back": (
        "được trả lại, chưa biết kết quả",
        "handed back: its result is not known",
    ),
    "message.not_begun": ("được trả lại, chưa bắt đầu gửi", "handed back: not begun"),
    "message.address_changed": ("địa chỉ đã đổi", "the address has changed"),
    "message.told_by_mail": (
        "đã được báo bằng thư của một đăng ký khác cùng địa chỉ",
        "told by the mail of another subscription of the same address",
    ),
    "message.restored": (
        "cơ sở dữ liệu được khôi phục: có thể đã gửi trước đó",
        "the database was restored: it may have been sent before",
    ),
    "message.for_nobody": ("không còn ai nhận thư này", "nobody takes this mail any more"),
    "message.unwritable": (
        "không gửi được: {field} {problem}",
        "cannot be sent: {field} {problem}",
    ),
    # what stops a channel whole
    "channel.down": (
        "không gửi được gì qua kênh {channel}: {error}",
        "nothing is sent by {channel}: {error}",
    ),
    # what a mail relay said
    "relay.answered": ("{said}", "{said}"),
    "relay.gave_up": ("{reason}; đã thử {n} lần", "{reason}; tried {n} times"),
    "relay.none": (
        "email.smtp_url còn trống: không gửi được thư nào",
        "email.smtp_url is empty: no mail can be sent",
    ),
    "relay.away_long": (
        "máy chủ thư không nhận thư nào từ {since_at}",
        "the mail relay takes no mail since {since_at}",
    ),
    "relay.closes": ("máy chủ thư đóng kết nối: {said}", "the mail relay closes: {said}"),
    "relay.confused": ("máy chủ thư trả lời lẫn lộn: {said}", "the mail relay is confused: {said}"),
    "relay.refuses_sender": (
        "máy chủ thư từ chối địa chỉ gửi: {said}",
        "the mail relay refuses the sender: {said}",
    ),
    "relay.denies": (
        "máy chủ thư không chuyển thư của Loa: {said}",
        "the mail relay does not relay for us: {said}",
    ),
    "relay.broke_off": ("máy chủ thư ngắt kết nối: {reason}", "the mail relay broke off: {reason}"),
    "relay.lost": (
        "mất kết nối khi đang giao thư: {reason}",
        "the connection was lost while the mail was handed over: {reason}",
    ),
    "relay.unconnected": (
        "không kết nối được máy chủ thư: {said}",
        "cannot connect to the mail relay: {said}",
    ),
    "relay.unusable": ("không dùng được máy chủ thư: {said}", "cannot use the mail relay: {said}"),
    "relay.greeting": (
        "không dùng được máy chủ thư: nó chào bằng {said}",
        "cannot use the mail relay: it answers the greeting with {said}",
    ),
    "relay.no_starttls": (
        "không dùng được máy chủ thư: nó không có STARTTLS, mà starttls=1 đòi phải có",
        "cannot use the mail relay: it offers no STARTTLS, which starttls=1 requires",
    ),
    "relay.closed_early": (
        "không dùng được máy chủ thư: nó đóng kết nối ngay sau lời chào",
        "cannot use the mail relay: it closed the connection after the greeting",
    ),
    "relay.endless": ("trả lời dài không dứt", "it says something without end"),
    "relay.closed": ("nó đã đóng kết nối", "it closed the connection"),
    "relay.closed_all": ("máy chủ thư đóng mọi kết nối", "the mail relay closed all connections"),
    "relay.silent": ("nó không trả lời kịp", "it did not answer in time"),
    "relay.failed": ("{said}", "{said}"),
}

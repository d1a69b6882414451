"""The lines of the answer why a subscription did or did not get a post: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

WHY: Mapping[str, tuple[str, str]] = {
    "bad.several": ("“{text}” có thể là nhiều mục", "“{text}” may mean several"),
    "allowed.one_of_several": ("mã của một mục: {names}", "the id of one: {names}"),
    "why.forgotten": (
        "đã được báo tin này từ lâu: chi tiết việc gửi không còn được lưu",
        "was told of this post long ago: the details are no longer kept",
    ),
    "why.filters": ("không khớp bộ lọc: {reason}", "does not match the filters: {reason}"),
    "why.no_change": ("tin chưa có thay đổi nào để báo", "the post has no change to tell of yet"),
    "why.baseline": (
        "tin đã có sẵn khi bắt đầu theo dõi chuyên mục: chỉ vào nguồn tin, không báo cho ai",
        "the post was there when the listing was first watched: in the feeds, nobody was told",
    ),
    "why.too_old": (
        "tin cũ hơn thời hạn báo tin: chỉ vào nguồn tin",
        "the post is older than what is told of: in the feeds only",
    ),
    "why.flood": (
        "quá nhiều tin mới cùng lúc: đang chờ quản trị viên cho phép gửi",
        "too many new posts at once: waiting for the operator to let them go",
    ),
    "why.discarded": (
        "quản trị viên quyết định không báo tin này: chỉ vào nguồn tin",
        "the operator decided that nobody has to be told: in the feeds only",
    ),
    "why.restored_before": (
        "cơ sở dữ liệu đã được khôi phục: tin này đăng trước thời điểm mà quản trị viên cho gửi "
        "lại",
        "the database was restored: this post is from before the time that the operator released",
    ),
    "why.fanning_out": (
        "việc gửi cho mọi đăng ký chưa xong",
        "it is still being queued for all subscriptions",
    ),
    "why.subscribed_later": (
        "đăng ký được tạo sau khi tin được phát hiện",
        "the subscription was made after the post was found",
    ),
    "why.confirmed_later": (
        "đăng ký được xác nhận sau khi tin được phát hiện",
        "the subscription was confirmed after the post was found",
    ),
    "why.other_filters": (
        "khi tin được phát hiện, bộ lọc của đăng ký là bộ lọc khác",
        "when the post was found, the subscription had other filters",
    ),
    "why.nothing": (
        "không có thay đổi nào của tin được báo cho đăng ký này",
        "no change of the post was told to this subscription",
    ),
    "why.delivery_paused": (
        "quản trị viên đã tạm dừng mọi việc gửi",
        "the operator has paused all delivery",
    ),
    "why.restored": (
        "cơ sở dữ liệu được khôi phục từ bản sao lưu: chưa gửi gì cho đến khi quản trị viên cho "
        "phép",
        "the database was restored from a backup: nothing is sent until the operator lets it",
    ),
    "why.waits_for_digest": ("chờ bản tổng hợp", "waits for a digest"),
    "why.digest_daily": (
        "nằm trong bản tổng hợp hằng ngày, thư {message}, có {n} mục",
        "is in a daily digest, mail {message}, of {n} entries",
    ),
    "why.digest_weekly": (
        "nằm trong bản tổng hợp hằng tuần, thư {message}, có {n} mục",
        "is in a weekly digest, mail {message}, of {n} entries",
    ),
    "why.digest": (
        "nằm trong bản tổng hợp, thư {message}, có {n} mục",
        "is in a digest, mail {message}, of {n} entries",
    ),
    "why.merged": (
        "gộp chung trong thư {message} với {n} đăng ký khác cùng địa chỉ",
        "in one mail {message} with {n} other subscriptions of the same address",
    ),
    "why.endpoint_disabled": (
        "đầu nhận đang bị ngừng, được thử lại vài giờ một lần",
        "the endpoint is disabled, and tried again every few hours",
    ),
    "why.attempt": (
        "lần {n}, lúc {started_at}: {reason} ({took_ms} ms)",
        "attempt {n}, at {started_at}: {reason} ({took_ms} ms)",
    ),
    "why.first_attempt": ("lần gửi đầu tiên: từ {tried_at}", "the first attempt: from {tried_at}"),
    "why.next_attempt": ("lần gửi tiếp theo: từ {tried_at}", "the next attempt: from {tried_at}"),
    "why.matched_post_published": (
        "tin mới (post.published): khớp {reason}",
        "new post (post.published): matches {reason}",
    ),
    "why.follows_post_published": (
        "tin mới (post.published): vì đã được báo tin này trước đó",
        "new post (post.published): for it was told of this post before",
    ),
    "why.matched_post_updated": (
        "tin được sửa (post.updated): khớp {reason}",
        "changed post (post.updated): matches {reason}",
    ),
    "why.follows_post_updated": (
        "tin được sửa (post.updated): vì đã được báo tin này trước đó",
        "changed post (post.updated): for it was told of this post before",
    ),
    "why.matched_post_withdrawn": (
        "tin bị gỡ (post.withdrawn): khớp {reason}",
        "withdrawn post (post.withdrawn): matches {reason}",
    ),
    "why.follows_post_withdrawn": (
        "tin bị gỡ (post.withdrawn): vì đã được báo tin này trước đó",
        "withdrawn post (post.withdrawn): for it was told of this post before",
    ),
    "why.due": ("đang chờ gửi", "waits to be sent"),
    "why.due_because": ("đang chờ gửi: {reason}", "waits to be sent: {reason}"),
    "why.leased": ("đang được gửi", "is being sent"),
    "why.leased_because": ("đang được gửi: {reason}", "is being sent: {reason}"),
    "why.sent": ("đã gửi, đầu nhận đã nhận", "sent, and accepted"),
    "why.sent_because": ("đã gửi, đầu nhận đã nhận: {reason}", "sent, and accepted: {reason}"),
    "why.failed": ("không gửi được", "could not be sent"),
    "why.failed_because": ("không gửi được: {reason}", "could not be sent: {reason}"),
    "why.suspended": ("đang bị ngừng", "is stopped"),
    "why.suspended_because": ("đang bị ngừng: {reason}", "is stopped: {reason}"),
    "why.skipped": ("bỏ qua", "skipped"),
    "why.skipped_because": ("bỏ qua: {reason}", "skipped: {reason}"),
    "why.held": ("đang được giữ lại", "is held"),
    "why.held_because": ("đang được giữ lại: {reason}", "is held: {reason}"),
    "why.standing_because": ("{standing}: {reason}", "{standing}: {reason}"),
}

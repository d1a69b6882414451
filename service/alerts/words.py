"""What mails say, in each language: the catalogue of the mails, Vietnamese first.

Owns sentences only; says nothing of where they stand. Every key exists in every language.
"""

from __future__ import annotations

from collections.abc import Mapping

VI: Mapping[str, str] = {
    "post.published": "Tin mới",
    "post.updated": "Cập nhật",
    "post.withdrawn": "Đã gỡ",
    "updated_note": "Cổng thông tin đã sửa tin này: {what}.",
    "late_note": "Đăng muộn: cổng thông tin ghi ngày cũ, nhưng tin vừa mới xuất hiện.",
    "withdrawn_note": "Cổng thông tin đã gỡ tin này. Bản lưu vẫn xem được ở liên kết bên dưới.",
    "what.title": "tiêu đề",
    "what.number": "số, ký hiệu văn bản",
    "what.text": "nội dung",
    "what.attachments": "tệp đính kèm",
    "khan": "Khẩn",
    "thuong-khan": "Thượng khẩn",
    "hoa-toc": "Hỏa tốc",
    "number": "Số, ký hiệu",
    "issued_on": "Ngày ban hành",
    "issuer": "Cơ quan ban hành",
    "published_at": "Đăng lúc",
    "deadline": "Thời hạn",
    "begins_at": "Bắt đầu",
    "venue": "Địa điểm",
    "places": "Địa bàn",
    "attachments": "Tệp đính kèm",
    "read": "Đọc tin",
    "original": "Xem trên cổng thông tin",
    "acknowledge": "Xác nhận đã nhận",
    "acknowledge_for": "Xác nhận đã nhận cho {unit}",
    "why": "Vì sao nhận được thư này",
    "why.category": "chuyên mục {names}",
    "why.portal": "cổng {names}",
    "why.place": "địa bàn {names}",
    "why.keyword": "từ khóa {names}",
    "why.all": "nhận mọi tin",
    "why.earlier": "theo lựa chọn lúc tin được đăng",
    "reason": "Đăng ký “{name}”: {reason}",
    "reason_unnamed": "Đăng ký của ông/bà: {reason}",
    "manage": "Thay đổi đăng ký",
    "unsubscribe": "Hủy đăng ký",
    "footer": "{title} gửi thư này tự động; xin không trả lời.",
    "digest.daily": "Bản tin ngày {on}: {n} tin",
    "digest.weekly": "Bản tin tuần đến {on}: {n} tin",
    "contents": "Trong thư này",
    "many": "{n} tin mới",
}

EN: Mapping[str, str] = {
    "post.published": "New",
    "post.updated": "Updated",
    "post.withdrawn": "Withdrawn",
    "updated_note": "The portal changed this post: {what}.",
    "late_note": "Posted late: the portal gives an old day, but the post has only just appeared.",
    "withdrawn_note": "The portal withdrew this post. The archived copy can still be read below.",
    "what.title": "title",
    "what.number": "document number",
    "what.text": "text",
    "what.attachments": "attachments",
    "khan": "Urgent",
    "thuong-khan": "Very urgent",
    "hoa-toc": "Most urgent",
    "number": "Number",
    "issued_on": "Issued on",
    "issuer": "Issuer",
    "published_at": "Published",
    "deadline": "Deadline",
    "begins_at": "Begins",
    "venue": "Venue",
    "places": "Places",
    "attachments": "Attachments",
    "read": "Read the post",
    "original": "View on the portal",
    "acknowledge": "Acknowledge receipt",
    "acknowledge_for": "Acknowledge receipt for {unit}",
    "why": "Why you received this",
    "why.category": "category {names}",
    "why.portal": "portal {names}",
    "why.place": "place {names}",
    "why.keyword": "keyword {names}",
    "why.all": "all posts",
    "why.earlier": "as it was set when the post appeared",
    "reason": "Subscription “{name}”: {reason}",
    "reason_unnamed": "Your subscription: {reason}",
    "manage": "Change subscription",
    "unsubscribe": "Unsubscribe",
    "footer": "Sent automatically by {title}; please do not reply.",
    "digest.daily": "Daily digest {on}: {n} posts",
    "digest.weekly": "Weekly digest to {on}: {n} posts",
    "contents": "In this mail",
    "many": "{n} new posts",
}

CATALOGUE: Mapping[str, Mapping[str, str]] = {"vi": VI, "en": EN}


def words(language: str) -> Mapping[str, str]:
    """The catalogue of a language; Vietnamese for one that is not known."""
    return CATALOGUE.get(language, VI)

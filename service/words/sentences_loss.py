"""What is told when a unit stops hearing by a channel, and the way back: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

LOSS: Mapping[str, tuple[str, str]] = {
    "loss.subject": (
        "Loa: {unit} không còn nhận tin qua {target}",
        "Loa: {unit} no longer hears by {target}",
    ),
    "loss.removed": (
        "Đăng ký của {unit} đến {target} đã bị hủy lúc {since_at}. Lý do: {reason}.",
        "The subscription of {unit} to {target} ended at {since_at}. Reason: {reason}.",
    ),
    "loss.paused": (
        "Đăng ký của {unit} đến {target} đã tạm dừng từ {since_at}. Lý do: {reason}. Tin mới được "
        "giữ lại, chưa gửi.",
        "The subscription of {unit} to {target} is paused since {since_at}. Reason: {reason}. What "
        "is new waits and is not sent.",
    ),
    "loss.suspended": (
        "Loa tạm ngừng gửi cho {unit} đến {target} từ {since_at}. Lý do: {reason}.",
        "Loa stopped sending to {unit} at {target}, since {since_at}. Reason: {reason}.",
    ),
    "loss.contact": (
        "{target} không còn là người liên hệ của {unit}, từ {since_at}.",
        "{target} is no contact of {unit} any more, since {since_at}.",
    ),
    "loss.contact_erased": (
        "Một địa chỉ của {unit} đã được xóa theo yêu cầu, lúc {since_at}.",
        "An address of {unit} was erased on request, at {since_at}.",
    ),
    "loss.erased_subject": (
        "Loa: một địa chỉ của {unit} đã được xóa",
        "Loa: an address of {unit} was erased",
    ),
    "loss.token": (
        "Khóa API “{target}” của {unit} đã bị thu hồi lúc {since_at}: hệ thống dùng khóa này không "
        "đọc và không xác nhận được nữa.",
        "The API token “{target}” of {unit} was revoked at {since_at}: what uses it can neither "
        "read nor acknowledge any more.",
    ),
    "loss.left": (
        "Đơn vị còn {n} kênh đang nhận tin: {targets}.",
        "The unit still hears by {n}: {targets}.",
    ),
    "loss.none_left": (
        "Đơn vị không còn kênh nào đang nhận tin: văn bản chỉ đạo mới sẽ không đến được.",
        "No channel of the unit works any more: a new directive will not reach it.",
    ),
    "loss.back": (
        "Nếu đơn vị không muốn như vậy, hãy bấm nút bên dưới.",
        "If the unit did not want this, press the button below.",
    ),
    "loss.back_operator": (
        "Nếu đơn vị không muốn như vậy, hãy báo người vận hành{operator}.",
        "If the unit did not want this, tell the operator{operator}.",
    ),
    "loss.back_desk": (
        "Cho nhận lại tại {where}, hay bằng lệnh `{command}`.",
        "Undo it at {where}, or by `{command}`.",
    ),
    "loss.restore_button": ("Đăng ký nhận lại", "Subscribe again"),
    "loss.resume_button": ("Xem và nhận lại", "See and resume"),
    "loss.erasure_subject": (
        "Loa: đề nghị xóa dữ liệu về một người liên hệ của {unit}",
        "Loa: a contact of {unit} asks to be erased",
    ),
    "loss.erasure": (
        "Có người dùng liên kết trong thư gửi đến {target} và đề nghị xóa mọi dữ liệu về địa chỉ "
        "này. Vì đây là địa chỉ của {unit}, Loa chưa xóa gì và đơn vị vẫn nhận tin như trước.",
        "Somebody used a link in mail to {target} and asks that everything about this address be "
        "erased. As it is an address of {unit}, nothing was erased yet, and the unit hears as "
        "before.",
    ),
    "loss.erasure_operator": (
        "Hãy hỏi đơn vị; nếu đúng, ghi người liên hệ khác rồi chạy `loa erase {target}`.",
        "Ask the unit; if it is meant, name another contact and run `loa erase {target}`.",
    ),
    "letter.renewed_subject": (
        "Liên kết mới để xem và thay đổi đăng ký",
        "A new link to see and change your subscriptions",
    ),
    "letter.renewed_body": (
        "Theo yêu cầu trên trang của {title}: đây là liên kết mới, dùng được trong 90 ngày. Nếu "
        "không phải ông/bà yêu cầu, xin bỏ qua thư này.",
        "As asked on the page of {title}: this is a new link, good for 90 days. If it was not you "
        "who asked, ignore this mail.",
    ),
}

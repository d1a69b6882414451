"""Letters: mails that are about no post of a subscription: (Vietnamese, English).

A letter waits in the ledger as these codes, and is worded when it is sent.
"""

from __future__ import annotations

from collections.abc import Mapping

LETTERS: Mapping[str, tuple[str, str]] = {
    "letter.confirm_subject": ("Xác nhận đăng ký nhận tin", "Confirm your subscription"),
    "letter.confirm_body": (
        "Có người (có lẽ là ông/bà) vừa đăng ký nhận tin của {title} đến địa chỉ này: {what}.",
        "Somebody (perhaps you) subscribed this address to {title}: {what}.",
    ),
    "letter.confirm_hint": (
        "Mở liên kết “Xác nhận đăng ký” bên dưới rồi bấm nút trên trang ấy. Nếu không phải "
        "ông/bà, xin bỏ qua: sẽ không có thư nào nữa.",
        "Open “Confirm subscription” below and press the button on that page. If it was not you, "
        "ignore this: no other mail will come.",
    ),
    "letter.confirm_button": ("Xác nhận đăng ký", "Confirm subscription"),
    "letter.already_subject": ("Đăng ký nhận tin của ông/bà", "Your subscriptions"),
    "letter.already_body": (
        "Địa chỉ này đã đăng ký nhận tin của {title}. Ông/bà có thể xem và thay đổi đăng ký ở "
        "trang sau.",
        "This address is already subscribed to {title}. You can see and change it on the page "
        "below.",
    ),
    "letter.manage_button": ("Xem đăng ký", "See subscriptions"),
    "letter.probe_subject": ("Thử lại địa chỉ nhận tin", "Trying your address again"),
    "letter.probe_body": (
        "Thư gửi đến địa chỉ này từng bị trả lại nên {title} đã tạm ngừng gửi. Nếu thư này đến "
        "nơi, việc gửi tin tự tiếp tục sau ba ngày; ông/bà không phải làm gì.",
        "Mail to this address came back, so {title} stopped sending. If this one arrives, posts "
        "are sent again after three days; there is nothing you must do.",
    ),
    "letter.remind_subject": (
        "Nhắc: chưa xác nhận đã nhận “{post}”",
        "Reminder: receipt of “{post}” is not acknowledged",
    ),
    "letter.remind_body": (
        "{unit} đã được gửi văn bản chỉ đạo dưới đây lúc {sent_at} và chưa xác nhận đã nhận.",
        "{unit} was sent the directive below at {sent_at} and has not acknowledged it.",
    ),
    "letter.remind_never": (
        "{unit} cần nhận văn bản chỉ đạo dưới đây và chưa xác nhận đã nhận.",
        "{unit} must know the directive below and has not acknowledged it.",
    ),
    "letter.reminders_subject": (
        "Nhắc: {n} văn bản chưa xác nhận đã nhận",
        "Reminder: receipt of {n} directives is not acknowledged",
    ),
    "letter.reminders_body": (
        "{unit} chưa xác nhận đã nhận {n} văn bản chỉ đạo dưới đây.",
        "{unit} has not acknowledged receipt of the {n} directives below.",
    ),
    "letter.reminders_sent": ("Đã gửi lúc {sent_at}.", "Sent at {sent_at}."),
    "letter.escalate_body": (
        "Thư này gửi đến ông/bà vì người liên hệ trước của đơn vị chưa xác nhận sau khi được nhắc.",
        "You receive this because the unit's previous contact did not acknowledge after a "
        "reminder.",
    ),
    "letter.due_in": (
        "Thời hạn: {due_at}, còn {hours} giờ (“{words}”).",
        "Due: {due_at}, in {hours} hours (“{words}”).",
    ),
    "letter.overdue": (
        "Đã quá hạn từ {due_at} (“{words}”).",
        "Overdue since {due_at} (“{words}”).",
    ),
    "letter.overdue_days": (
        "Đã quá hạn {n} ngày, từ {due_at} (“{words}”).",
        "Overdue by {n} days, since {due_at} (“{words}”).",
    ),
    "letter.urgent_hoa_toc": (
        "[HỎA TỐC] {unit} chưa xác nhận đã nhận “{post}”",
        "[MOST URGENT] {unit} has not acknowledged “{post}”",
    ),
    "letter.urgent_thuong_khan": (
        "[THƯỢNG KHẨN] {unit} chưa xác nhận đã nhận “{post}”",
        "[VERY URGENT] {unit} has not acknowledged “{post}”",
    ),
    "letter.urgent_khan": (
        "[KHẨN] {unit} chưa xác nhận đã nhận “{post}”",
        "[URGENT] {unit} has not acknowledged “{post}”",
    ),
    "letter.urgent_body": (
        "{unit} chưa xác nhận đã nhận văn bản khẩn dưới đây. Xin xác nhận ngay.",
        "{unit} has not acknowledged the urgent directive below. Please acknowledge it now.",
    ),
    "letter.urgent_to_operator": (
        "{unit} chưa xác nhận đã nhận văn bản khẩn dưới đây.",
        "{unit} has not acknowledged the urgent directive below.",
    ),
    "letter.urgent_operator": (
        "Mọi người liên hệ của đơn vị ({contacts}) đã được nhắc mà chưa ai xác nhận. Xin gọi cho "
        "đơn vị.",
        "All contacts of the unit ({contacts}) were reminded and none has acknowledged. Please "
        "call the unit.",
    ),
    "letter.unreached_subject": (
        "{unit} không nhắc được, sắp đến hạn “{post}”",
        "{unit} cannot be reminded, and “{post}” is due soon",
    ),
    "letter.unreached_body": (
        "{unit} chưa xác nhận văn bản chỉ đạo dưới đây, không có người liên hệ và không có kênh "
        "nào đang nhận tin. Xin gọi cho đơn vị, rồi ghi người liên hệ.",
        "{unit} has not acknowledged the directive below, names no contact and hears by no "
        "channel. Please call the unit, then name a contact.",
    ),
    "letter.urgent_no_contact": (
        "Đơn vị không có người liên hệ nào để nhắc. Xin gọi cho đơn vị.",
        "The unit has no contact to remind. Please call the unit.",
    ),
    "late.subject": (
        "Loa: {n} đơn vị đã được nhắc hết mà chưa xác nhận",
        "Loa: {n} units were reminded to the end and have not acknowledged",
    ),
    "late.said": (
        "Loa đã nhắc lần lượt mọi người liên hệ của các đơn vị dưới đây và không nhắc thêm nữa. "
        "Xin gọi cho đơn vị.",
        "Loa has reminded each contact of the units below and reminds them no more. Please call "
        "them.",
    ),
    "late.unit": (
        "{unit} ({contacts}): {n} văn bản chưa xác nhận, mới thêm:",
        "{unit} ({contacts}): {n} directives not acknowledged, new ones:",
    ),
    "late.unit_without_contact": (
        "{unit} (không có người liên hệ): {n} văn bản chưa xác nhận, mới thêm:",
        "{unit} (names no contact): {n} directives not acknowledged, new ones:",
    ),
    "late.add_contact": (
        "Để lần sau nhắc được, ghi người liên hệ của đơn vị: `{command}`.",
        "To be able to remind the unit, name a contact: `{command}`.",
    ),
    "late.post": ("– {title}: {url}", "– {title}: {url}"),
    "late.more": ("… và {n} văn bản khác mới thêm", "… and {n} more new ones"),
    "letter.board": ("Xem bảng xác nhận", "See the board of receipts"),
    "letter.read": ("Đọc tin", "Read the post"),
    "letter.acknowledge": ("Xác nhận đã nhận", "Acknowledge receipt"),
    "letter.plain": ("{words}", "{words}"),
    # of an endpoint that fails, to whoever is behind it and to the operator
    "endpoint.letter_failing": (
        "Đầu nhận {where} không nhận được tin từ {since_at}",
        "The endpoint {where} has accepted nothing since {since_at}",
    ),
    "endpoint.letter_failing_body": (
        "Xin kiểm tra hệ thống nhận tin: nó có chạy và trả lời 2xx không. Nếu đến {until_at} vẫn "
        "chưa nhận, Loa sẽ ngừng gửi đến đầu nhận này.",
        "Please look whether what receives is running and answers 2xx. If it still accepts nothing "
        "by {until_at}, Loa will stop sending to it.",
    ),
    "endpoint.letter_disabled": ("Đã ngừng gửi đến {where}", "Nothing is sent to {where} any more"),
    "endpoint.letter_disabled_body": (
        "Đầu nhận gặp lỗi từ {since_at}, sau nhiều lần thử. Loa vẫn thử lại vài giờ một lần; khi đầu "
        "nhận trả lời, mọi tin còn thiếu tự được gửi.",
        "The endpoint has failed since {since_at}, after many attempts. Loa tries it again every "
        "few hours; once it answers, all that it missed is sent by itself.",
    ),
    "endpoint.letter_gone": (
        "Đã ngừng gửi đến {where}: đầu nhận trả lời 410",
        "Nothing is sent to {where} any more: it answered 410",
    ),
    "endpoint.letter_gone_body": (
        "410 nghĩa là đầu nhận không còn nhận nữa. Tin còn thiếu được giữ lại cho đến khi đăng ký "
        "được mở lại.",
        "410 means that it takes no more. What it misses is kept until the subscription is opened "
        "again.",
    ),
    "endpoint.letter_failing_chat": (
        "Xin kiểm tra nhóm chat: nhóm có còn không, Loa có còn được gửi vào nhóm không. Nếu đến "
        "{until_at} vẫn chưa gửi được, Loa sẽ ngừng gửi đến nhóm này.",
        "Please look whether the chat group is still there and lets Loa write to it. If it still "
        "accepts nothing by {until_at}, Loa will stop sending to it.",
    ),
    "endpoint.letter_disabled_chat": (
        "Không gửi được vào nhóm chat từ {since_at}, sau nhiều lần thử. Loa vẫn thử lại vài giờ một "
        "lần; khi gửi được, mọi tin còn thiếu tự được gửi.",
        "The chat group has accepted nothing since {since_at}, after many attempts. Loa tries it "
        "again every few hours; once it accepts, all that it missed is sent by itself.",
    ),
    "endpoint.letter_gone_chat": (
        "Dịch vụ chat trả lời rằng nhóm này không còn. Tin còn thiếu được giữ lại cho đến khi đăng "
        "ký được mở lại.",
        "The chat service says that this group is no more. What it misses is kept until the "
        "subscription is opened again.",
    ),
    "endpoint.letter_left": (
        "{unit} còn nhận tin qua: {targets}.",
        "{unit} still hears by: {targets}.",
    ),
    "endpoint.letter_hears": (
        "{unit} đang nhận tin qua: {targets}.",
        "{unit} hears by: {targets}.",
    ),
    "endpoint.letter_none_left": (
        "{unit} không còn kênh nào khác đang nhận tin: văn bản chỉ đạo mới không đến được đơn vị.",
        "{unit} hears by nothing else: a new directive does not reach it.",
    ),
    "endpoint.letter_owner": (
        "Nếu đơn vị không tự sửa được, hãy báo quản trị viên{operator}.",
        "Where that cannot be mended on your side, tell the operator{operator}.",
    ),
    "endpoint.letter_try": (
        "Thử gửi ngay: `{command}`.",
        "To try it at once: `{command}`.",
    ),
    "endpoint.letter_resume": (
        "Khi đầu nhận đã sửa xong, mở lại đăng ký: `{command}`.",
        "Once it is mended, open the subscription again: `{command}`.",
    ),
    "endpoint.letter_new_token": (
        "Nếu đơn vị đã mất khóa truy cập, cấp khóa mới: `{command}`.",
        "Where the office has lost its token, give it another: `{command}`.",
    ),
    "endpoint.letter_back": (
        "Đã gửi lại được đến {where}",
        "{where} accepts again",
    ),
    "endpoint.letter_back_body": (
        "Từ {since_at} đầu nhận lại nhận tin. Tin còn thiếu tự được gửi.",
        "It accepts again since {since_at}. What it missed is sent by itself.",
    ),
    "endpoint.letter_asked": (
        "Đã có máy hỏi lấy tin của {where}",
        "{where} is asked for again",
    ),
    "endpoint.letter_asked_body": (
        "Từ {since_at} lại có máy hỏi lấy tin. Tin được giữ lại lấy được như trước.",
        "Somebody asks again since {since_at}. What was kept can be fetched as before.",
    ),
    "endpoint.letter_unasked": (
        "Không ai hỏi lấy tin của {where} từ {since_at}",
        "Nobody has asked for what {where} is owed since {since_at}",
    ),
    "endpoint.letter_unasked_body": (
        "Tin được giữ lại đến khi có máy hỏi lấy bằng khóa truy cập của đăng ký; `loa pull` của đơn vị có đang chạy "
        "không?",
        "It is kept until somebody asks with the subscription's token; does the office's `loa pull` run?",
    ),
    "endpoint.letter_which": ("Đăng ký: {names}", "Subscriptions: {names}"),
    "endpoint.letter_told": (
        "Chủ đầu nhận đã được báo: {addresses}",
        "Its owner was told: {addresses}",
    ),
    "endpoint.letter_untold": (
        "Không có địa chỉ thư nào của chủ đầu nhận để báo.",
        "No mail address of its owner is known.",
    ),
}

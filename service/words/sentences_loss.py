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
    "loss.unit_subject": (
        "Loa: {unit} không còn nhận tin",
        "Loa: {unit} hears no more",
    ),
    "loss.unit": (
        "{unit} đã được gỡ khỏi danh sách đơn vị của {title} lúc {since_at}: đơn vị không nhận tin "
        "và không được nhắc nữa. Người thực hiện: {reason}.",
        "{unit} was removed from the units of {title} at {since_at}: it gets nothing and is "
        "reminded of nothing any more. By: {reason}.",
    ),
    "loss.unit_back": (
        "Trong 7 ngày có thể khôi phục tại {where}.",
        "Within 7 days this can be undone at {where}.",
    ),
    "loss.unit_again_subject": (
        "Loa: {unit} lại nhận tin",
        "Loa: {unit} hears again",
    ),
    "loss.unit_again": (
        "{unit} đã được khôi phục lúc {since_at}. Người thực hiện: {reason}. Tin đăng trong thời "
        "gian đơn vị bị gỡ không được gửi bù.",
        "{unit} was restored at {since_at}. By: {reason}. What was published while it was removed "
        "is not made up for.",
    ),
    "loss.contact_dead": (
        "Thư gửi đến {target}, người liên hệ của {unit}, không đến được, từ {since_at}. Lý do: "
        "{reason}. Lời nhắc gửi đến địa chỉ này không ai đọc.",
        "Mail to {target}, a contact of {unit}, does not arrive since {since_at}. Reason: "
        "{reason}. Nobody reads the reminders that go there.",
    ),
    "loss.contact_dead_do": (
        "Hãy hỏi đơn vị, rồi thay bằng lệnh `{command}`.",
        "Ask the unit, then name another by `{command}`.",
    ),
    "loss.again_subject": (
        "Loa: {unit} lại nhận tin qua {target}",
        "Loa: {unit} hears by {target} again",
    ),
    "loss.again": (
        "Từ {since_at}, {unit} lại nhận tin qua {target}. Lý do: {reason}. Tin còn chờ tự được gửi.",
        "Since {since_at}, {unit} hears by {target} again. Reason: {reason}. What waited is sent by "
        "itself.",
    ),
    "loss.again_anew": (
        "Từ {since_at}, {unit} lại nhận tin qua {target}. Lý do: {reason}. Tin đăng trong thời gian "
        "đăng ký bị hủy không được gửi bù.",
        "Since {since_at}, {unit} hears by {target} again. Reason: {reason}. What was published "
        "while there was no subscription is not made up for.",
    ),
    "loss.contact_again": (
        "Thư gửi đến {target}, người liên hệ của {unit}, lại đến được. Lý do: {reason}. Không cần "
        "làm gì.",
        "Mail to {target}, a contact of {unit}, arrives again. Reason: {reason}. There is nothing "
        "to do.",
    ),
    "loss.back_bounced": (
        "Nếu hộp thư đã sửa xong, cho nhận lại tại {where}, hay bằng lệnh `{command}`. Nếu không, "
        "hãy hỏi đơn vị địa chỉ khác rồi thêm bằng lệnh `{other}`.",
        "Where the mailbox was mended, undo it at {where}, or by `{command}`. Else ask the unit for "
        "another address and add it by `{other}`.",
    ),
    "loss.asks_nothing": (
        "Đăng ký của {unit} đến {target} chỉ hỏi những điều Loa không còn theo dõi ({what}), nên "
        "không nhận được tin nào.",
        "The subscription of {unit} to {target} asks only for what Loa does not watch any more "
        "({what}), and so gets nothing.",
    ),
    "less.subject": (
        "Loa: đăng ký của {unit} đến {target} đã thay đổi",
        "Loa: the subscription of {unit} to {target} was changed",
    ),
    "less.filters": (
        "Từ {since_at}, đăng ký của {unit} đến {target} chỉ còn nhận: {what}. Trước đây nhận: "
        "{old}.",
        "Since {since_at}, the subscription of {unit} to {target} gets only: {what}. Before, it "
        "got: {old}.",
    ),
    "less.frequency": (
        "Từ {since_at}, đăng ký của {unit} đến {target} nhận tin {what}; trước đây: {old}. Tin hỏa "
        "tốc vẫn được gửi ngay.",
        "Since {since_at}, the subscription of {unit} to {target} gets its posts {what}; before: "
        "{old}. What is urgent is sent at once all the same.",
    ),
    "less.target": (
        "Từ {since_at}, tin của {unit} gửi đến {target} chuyển sang {what}, và chờ nơi nhận mới "
        "xác nhận. Đến lúc đó, tin mới được giữ lại, chưa gửi.",
        "Since {since_at}, what {unit} got at {target} goes to {what}, once the new address has "
        "confirmed. Until then what is new waits and is not sent.",
    ),
    "less.back_command": (
        "Nếu không đúng, sửa lại bằng lệnh `{command}`.",
        "If that is wrong, change it back by `{command}`.",
    ),
    "less.button": ("Xem và sửa lại", "See and change back"),
    "loss.contact": (
        "{target} không còn là người liên hệ của {unit}, từ {since_at}.",
        "{target} is no contact of {unit} any more, since {since_at}.",
    ),
    "edited.contact_added": (
        "{target} nay là người liên hệ của {unit}: Loa viết cho địa chỉ này khi đơn vị chưa xác "
        "nhận một văn bản.",
        "{target} is a contact of {unit} now: Loa writes to it when the unit has not acknowledged "
        "a directive.",
    ),
    "edited.contacts_ordered": (
        "Thứ tự người liên hệ nay là: {targets}.",
        "The contacts are written to in this order now: {targets}.",
    ),
    "edited.renamed": (
        "{old} nay mang tên {unit}. Đăng ký, khóa API và các xác nhận trước đây được giữ nguyên.",
        "{old} is called {unit} now. Its subscriptions, API tokens and what it acknowledged stay.",
    ),
    "edited.moved": (
        "Địa bàn của {unit}: trước là {old}, nay là {place}.",
        "The place of {unit} was {old} and is {place} now.",
    ),
    "edited.subject": (
        "Loa: thông tin của {unit} đã thay đổi",
        "Loa: {unit} was changed",
    ),
    "edited.by": ("Người thay đổi: {reason}.", "Changed by: {reason}."),
    "edited.back_command": (
        "Nếu không đúng, sửa lại bằng lệnh `{command}`.",
        "If that is wrong, change it back by `{command}`.",
    ),
    "bad.no_contact": (
        "{text!r} không phải là người liên hệ của đơn vị",
        "{text!r} is no contact of the unit",
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
        "Nếu đơn vị không muốn như vậy, hãy báo quản trị viên{operator}.",
        "If the unit did not want this, tell the operator{operator}.",
    ),
    "loss.back_desk": (
        "Cho nhận lại tại {where}, hay bằng lệnh `{command}`.",
        "Undo it at {where}, or by `{command}`.",
    ),
    "loss.back_sealed": (
        "Địa chỉ của kênh này được giữ kín nên không ghi trong lệnh: lệnh đọc địa chỉ từ đầu vào "
        "chuẩn.",
        "The address of this channel is kept secret and does not stand in the command, which reads "
        "it from standard input.",
    ),
    "loss.back_headers": (
        "Giá trị của các tiêu đề yêu cầu được giữ kín: hãy thay dấu {mark} bằng giá trị mà bên nhận "
        "cần.",
        "The values of the request headers are kept secret: put what the receiver wants in the "
        "place of {mark}.",
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
    "merge.subject": (
        "Loa: {unit} đã nhập vào {into}",
        "Loa: {unit} became part of {into}",
    ),
    "merge.said": (
        "Từ {since_at}, {unit} đã nhập vào {into}. Từ nay {into} nhận tin và xác nhận thay cho "
        "{unit}; liên kết trong các thư đã gửi vẫn dùng được.",
        "Since {since_at}, {unit} is part of {into}. From now on {into} hears and acknowledges in "
        "its place; links in mails of before still work.",
    ),
    "merge.contacts": (
        "Người liên hệ của {into}, theo thứ tự được nhắc: {targets}.",
        "Contacts of {into}, in the order in which they are reminded: {targets}.",
    ),
    "merge.no_contacts": (
        "{into} chưa có người liên hệ nào: sẽ không nhắc được ai.",
        "{into} has no contact: nobody can be reminded.",
    ),
    "merge.channels": (
        "{into} nhận tin qua: {targets}.",
        "{into} hears by: {targets}.",
    ),
    "merge.no_channels": (
        "{into} chưa có kênh nhận tin nào: văn bản chỉ đạo mới sẽ không đến được.",
        "{into} hears by no channel: a new directive will not reach it.",
    ),
    "merge.joined": (
        "Cả hai đơn vị cùng nhận qua {targets}; nay gộp làm một, mỗi tin gửi một lần.",
        "Both units heard by {targets}; these are one now, and each post is sent once.",
    ),
    "merge.open": (
        "Số văn bản chỉ đạo mà {into} còn phải xác nhận: {n}.",
        "Directives that {into} has yet to acknowledge: {n}.",
    ),
    "bad.itself": ("là chính đơn vị {name}", "is {name} itself"),
    "allowed.another_unit": ("một đơn vị khác, theo mã hay tên", "another unit, by id or name"),
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

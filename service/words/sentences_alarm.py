"""What the operator is told: of listings that turn bad or well, and of what is broken, late or
owed: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

ALARMS: Mapping[str, tuple[str, str]] = {
    # of a listing; what follows `notice.` may be the outcome of its poll
    "notice.bad": ("Loa: không theo dõi được {portal}", "Loa: {portal} cannot be watched"),
    "notice.odd": ("Loa: cần xem lại {portal}", "Loa: {portal} needs a look"),
    "notice.recovered": ("Loa: đã theo dõi lại được {portal}", "Loa: {portal} is watched again"),
    "notice.recovered_text": (
        "Chuyên mục {url} đã đọc lại được.",
        "The listing {url} can be read again.",
    ),
    "notice.listing": ("Chuyên mục: {url}", "Listing: {url}"),
    "notice.since": ("Từ lúc: {since_at}", "Since: {since_at}"),
    "notice.error": ("Chi tiết: {reason}", "Details: {reason}"),
    "notice.kept": (
        "Các tin đã lưu vẫn còn trong các nguồn tin, không tin nào bị gỡ.",
        "What is stored stays in the feeds; nothing was withdrawn.",
    ),
    "notice.layout_changed": (
        "Giao diện trang đã thay đổi. Xem lại tệp cấu hình của cổng: loa portal check {id}",
        "The layout of the page changed. See the portal's file: loa portal check {id}",
    ),
    "notice.yield_dropped": (
        "Trang chỉ còn chưa tới một phần ba của {rows} tin thường có. Xem lại: loa portal check "
        "{id}",
        "The page shows less than a third of its usual {rows} posts. See: loa portal check {id}",
    ),
    "notice.maintenance": (
        "Cổng đang hiện trang bảo trì. Loa tự thử lại.",
        "The portal shows a maintenance page. Loa tries again by itself.",
    ),
    "notice.login": ("Cổng đòi đăng nhập.", "The portal asks for a login."),
    "notice.blocked": (
        "Cổng chặn truy cập tự động. Hãy liên hệ đơn vị quản lý cổng.",
        "The portal blocks automatic access. Please contact its administrators.",
    ),
    "notice.not_a_listing": (
        "Trang trả về không phải là chuyên mục tin. Xem lại địa chỉ: loa portal check {id}",
        "What came is no listing of posts. See the address: loa portal check {id}",
    ),
    "notice.robots": (
        "Tệp robots.txt của cổng không cho phép đọc trang này.",
        "robots.txt of the portal forbids reading this page.",
    ),
    "notice.redirected": (
        "Cổng chuyển sang địa chỉ khác. Nếu địa chỉ đúng, hãy sửa tệp cấu hình của cổng.",
        "The portal redirects elsewhere. If that is right, change the portal's file.",
    ),
    "notice.tls": (
        "Chứng thư bảo mật của cổng không hợp lệ; có thể cần đặt ca_file cho cổng.",
        "The portal's certificate is not valid; it may need a ca_file.",
    ),
    "notice.network": (
        "Không kết nối được tới cổng. Loa tự thử lại.",
        "The portal cannot be reached. Loa tries again by itself.",
    ),
    "notice.own_network": (
        "Mạng của máy chủ Loa bị gián đoạn, mọi cổng cùng không đọc được.",
        "Loa's own network is down: no portal can be reached.",
    ),
    "notice.http_error": (
        "Cổng báo lỗi máy chủ. Loa tự thử lại.",
        "The portal answers with an error. Loa tries again by itself.",
    ),
    "notice.too_big": (
        "Trang lớn hơn mức cho phép (polling.max_body_bytes).",
        "The page is larger than allowed (polling.max_body_bytes).",
    ),
    "notice.possible_gap": (
        "Có thể đã sót tin: không lần ngược được tới tin đã biết (xem polling.backfill_pages). Xem "
        "khoảng trống: `loa coverage {id}`. Tìm lại: `loa portal backfill {id} --since NGÀY`.",
        "Posts may have been missed: no known post was reached (see polling.backfill_pages). To see "
        "the gap: `loa coverage {id}`. To look for them: `loa portal backfill {id} --since DAY`.",
    ),
    "notice.held": (
        "Quá nhiều tin mới cùng lúc, có thể là tin cũ vừa được chuyển sang: các tin đã có trong "
        "nguồn tin nhưng chưa báo cho ai. Xem tin rồi cho gửi bằng lệnh `loa portal release {id}`, "
        "hoặc bỏ qua bằng lệnh `loa portal discard {id}`.",
        "Too many new posts at once, perhaps old ones that were moved: they are in the feeds, and "
        "nobody is told of them. Look at them, then let them go by `loa portal release {id}`, or "
        "leave it at that by `loa portal discard {id}`.",
    ),
    "notice.moved": (
        "Chuyên mục đã chuyển hẳn sang địa chỉ mới cùng máy chủ; hãy sửa tệp cấu hình của cổng.",
        "The listing moved for good to another address of its host; please change the portal's "
        "file.",
    ),
    # of all of Loa: `alarm.<kind>` is the subject
    "alarm.where": (
        "Xem tình trạng và gửi lại: {where}",
        "See what is wrong and send again: {where}",
    ),
    "alarm.once": (
        "Khi việc này đã ổn, sẽ không có thư nào thêm.",
        "When this is well again, no other mail will come.",
    ),
    "alarm.delivery_late": ("Loa: thông điệp bị chậm", "Loa: messages are late"),
    "alarm.delivery_late_text": (
        "Có thông điệp chờ gửi từ {since_at}.",
        "A message has been waiting since {since_at}.",
    ),
    "alarm.own_fault": ("Loa: có thông điệp không soạn được", "Loa: messages cannot be prepared"),
    "alarm.own_fault_text": (
        "{n} thông điệp chờ vì Loa không soạn hoặc không ký được: xem nhật ký; nếu vừa đổi "
        "service.secret_key thì đặt lại khóa cũ, hoặc cấp lại khóa ký cho các đăng ký "
        "(subscription rotate).",
        "{n} messages wait because Loa cannot prepare or sign them: see the log; if "
        "service.secret_key was changed, put the old one back or give the subscriptions new "
        "secrets (subscription rotate).",
    ),
    "alarm.unsent": ("Loa: văn bản chỉ đạo chưa gửi được", "Loa: a directive could not be sent"),
    "alarm.unsent_text": (
        "Sau một giờ, văn bản chỉ đạo này chưa gửi được đến nơi nào: {title}",
        "After an hour, this directive has reached nobody: {title}",
    ),
    "alarm.digest_missing": ("Loa: bản tin định kỳ chưa gửi", "Loa: a digest was not sent"),
    "alarm.digest_missing_text": (
        "{n} tin đáng lẽ đã nằm trong bản tin định kỳ.",
        "{n} posts should have been in a digest.",
    ),
    "alarm.silent": ("Loa: một cổng im lặng bất thường", "Loa: a portal is unusually silent"),
    "alarm.silent_text": (
        "Cổng {portal} lâu hơn thường lệ không có tin mới.",
        "The portal {portal} has shown nothing new for longer than usual.",
    ),
    "alarm.feeds": ("Loa: nguồn tin có mục lỗi", "Loa: entries of feeds are wrong"),
    "alarm.feeds_text": (
        "{n} mục của nguồn tin không đăng được như phải đăng, bản tốt gần nhất được giữ: {some}",
        "{n} entries of feeds cannot be published as they should be, the last good ones are kept: "
        "{some}",
    ),
    "alarm.stopped": ("Loa: việc gửi đang dừng", "Loa: nothing is sent"),
    "alarm.stopped_text": (
        "Không gửi gì: công tắc gửi đang tắt, hoặc cơ sở dữ liệu vừa được khôi phục.",
        "Nothing is sent: delivery is paused, or the database was restored.",
    ),
    "alarm.held": ("Loa: có tin đang giữ lại", "Loa: posts are held back"),
    "alarm.held_text": (
        "{n} tin của cổng {portal} đang được giữ lại vì quá nhiều tin mới cùng lúc.",
        "{n} posts of the portal {portal} are held back, for too many came at once.",
    ),
    "alarm.brake": (
        "Loa: nhiều địa chỉ thư bị từ chối cùng lúc",
        "Loa: many mail addresses are refused at once",
    ),
    "alarm.brake_text": (
        "{provider} từ chối nhiều địa chỉ trong một giờ, nên có lẽ là do máy chủ thư của đơn vị (bị "
        "chặn, thiếu SPF, DKIM). Không địa chỉ nào bị ngừng; những địa chỉ vừa bị ngừng đã được "
        "mở lại. Xem nhật ký của máy chủ thư.",
        "{provider} refused many addresses within an hour, so it is probably about our own mail "
        "server (listed, without SPF or DKIM). No address is suspended; those just suspended are "
        "resumed. See the log of the mail server.",
    ),
    "alarm.ours": ("Loa: thư do Loa gửi bị từ chối", "Loa: our mail is refused"),
    "alarm.ours_text": (
        "Trong một ngày qua {n} thư bị từ chối vì lý do từ phía Loa (bị chặn, thư rác, chính "
        "sách, kích cỡ), không địa chỉ nào bị ngừng vì thế. Lần cuối: {reason}",
        "Within the last day {n} mails were refused for reasons on our side (blocked, spam, "
        "policy, size); no address is suspended for that. The last one: {reason}",
    ),
    "alarm.aside": ("Loa: một trang được để riêng", "Loa: a page is put aside"),
    "alarm.aside_text": (
        "Trang {url} của cổng {portal} làm Loa đứng lại ({times} lần), nên được để riêng và chưa "
        "đọc lại trước {until_at}. Các cổng khác vẫn được đọc.",
        "The page {url} of the portal {portal} stopped Loa ({times} times), so it is put aside "
        "and not read again before {until_at}. The other portals are read as ever.",
    ),
    "alarm.lost_name": (
        "Loa: có đăng ký hỏi điều không còn nữa",
        "Loa: subscriptions ask for what is not there any more",
    ),
    "alarm.lost_name_text": (
        "{n} đăng ký hỏi {what!r}, nay không còn trong cấu hình (cổng, thể loại hay địa bàn); {deaf} "
        "trong số đó vì thế không nhận được tin nào. Hãy đặt lại tệp cấu hình, hay sửa đăng ký "
        "(loa subscription edit): {some}",
        "{n} subscriptions ask for {what!r}, which is not configured any more (a portal, a category "
        "or a place); {deaf} of them get nothing for it. Put the file back, or change the "
        "subscriptions (loa subscription edit): {some}",
    ),
    "alarm.no_operator": (
        "Loa: thư gửi quản trị viên bị trả lại",
        "Loa: the operator's mail comes back",
    ),
    "alarm.no_operator_text": (
        "Thư gửi đến operator.email không đến được từ {since_at}: không ai đọc cảnh báo của Loa.",
        "Mail to operator.email does not arrive since {since_at}: nobody reads what Loa tells.",
    ),
    "alarm.no_mail": ("Loa: không gửi được thư", "Loa: no mail can be sent"),
    "alarm.no_mail_text": (
        "Thư không đến được ai. Lý do: {reason}.",
        "Mail reaches nobody. Reason: {reason}.",
    ),
    "alarm.lost_portal": (
        "Loa: một cổng không còn được theo dõi",
        "Loa: a portal is not watched any more",
    ),
    "alarm.lost_portal_text": (
        "Cổng {portal} mới đây còn được đọc, nay không có tệp cấu hình nào: không tin mới nào của "
        "cổng đến được ai. Nếu không chủ ý gỡ, hãy đặt lại tệp trong thư mục portals; nếu chủ ý, "
        "không cần làm gì.",
        "The portal {portal} was read lately, and no file configures it now: nothing new of it "
        "reaches anybody. Unless that is meant, put its file back into the folder portals; where "
        "it is, there is nothing to do.",
    ),
}

"""What the desk says of an act: before it, what will stop and for whom; after it, what was done:
(Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

DESK: Mapping[str, tuple[str, str]] = {
    "sure.unit_remove": ("Gỡ bỏ {unit}?", "Remove {unit}?"),
    "sure.unit_stops": (
        "Đơn vị ngừng nhận tin ngay. Số đăng ký kết thúc: {n}.",
        "The unit stops hearing at once. Subscriptions that end: {n}.",
    ),
    "sure.unit_open": (
        "Số văn bản đơn vị chưa xác nhận: {n}. Đơn vị sẽ không được nhắc nữa.",
        "Directives that it has yet to acknowledge: {n}. It will not be reminded any more.",
    ),
    "sure.unit_contacts": ("Người liên hệ: {contacts}.", "Its contacts: {contacts}."),
    "sure.unit_kept": (
        "Những gì đơn vị đã xác nhận vẫn còn. Có thể hoàn tác trong {days} ngày; tin đăng trong "
        "thời gian đó không được gửi bù.",
        "What it has acknowledged stays. It can be undone within {days} days; what is published "
        "meanwhile is not sent afterwards.",
    ),
    "sure.subscription_remove": (
        "Gỡ bỏ đăng ký đến {target}?",
        "Remove the subscription to {target}?",
    ),
    "sure.subscription_stops": (
        "Không gửi gì đến {target} nữa.",
        "Nothing more is sent to {target}.",
    ),
    "sure.subscription_waiting": (
        "Số thông báo đang chờ sẽ không được gửi: {n}.",
        "Messages that wait and will not be sent: {n}.",
    ),
    "sure.left": (
        "{unit} còn nhận tin qua: {targets}.",
        "{unit} still hears by: {targets}.",
    ),
    "sure.none_left": (
        "{unit} sẽ không còn kênh nhận tin nào.",
        "{unit} will hear by no channel any more.",
    ),
    "sure.subscription_kept": (
        "Có thể hoàn tác trong {days} ngày; tin đăng trong thời gian đó không được gửi bù.",
        "It can be undone within {days} days; what is published meanwhile is not sent afterwards.",
    ),
    "sure.rotate": ("Cấp khóa ký mới cho {target}?", "Replace the secret of {target}?"),
    "sure.rotate_overlap": (
        "Trong {hours} giờ, mỗi tin được ký bằng cả khóa cũ và khóa mới. Sau đó, bên nhận chưa "
        "đổi khóa sẽ từ chối mọi tin. Không lấy lại được khóa cũ.",
        "For {hours} hours each message is signed by both the old secret and the new one. After "
        "that a receiver that has not changed it refuses every message. The old one cannot be "
        "brought back.",
    ),
    "sure.for_unit": ("Đây là kênh nhận tin của {unit}.", "It is a channel of {unit}."),
    "sure.token_revoke": ("Thu hồi khóa API {name}?", "Revoke the token {name}?"),
    "sure.token_stops": (
        "Chương trình nào dùng khóa này sẽ bị từ chối ngay; ai đăng nhập bằng khóa này bị đăng xuất. "
        "Không lấy lại được khóa.",
        "What uses it is refused at once, and who is signed in by it is signed out. It cannot be "
        "brought back.",
    ),
    "sure.token_unit": (
        "Đây là khóa của {unit}; các liên hệ của đơn vị được báo.",
        "It is a token of {unit}, whose contacts are told.",
    ),
    "sure.release": (
        "Cho gửi {n} tin của {portal}?",
        "Release {n} posts of {portal}?",
    ),
    "sure.release_sends": (
        "Mọi đăng ký phù hợp nhận các tin này ngay. Tin đã gửi không thu hồi được.",
        "Every subscription that asks for them gets them at once. What was sent cannot be taken "
        "back.",
    ),
    "sure.discard": ("Bỏ qua {n} tin của {portal}?", "Discard {n} posts of {portal}?"),
    "sure.discard_stops": (
        "Không ai được báo các tin này. Tin vẫn nằm trong nguồn tin, và vẫn có thể cho gửi từng "
        "tin sau.",
        "Nobody is told of them. They stay in the feeds, and each may still be released later.",
    ),
    "sure.replay": (
        "Gửi lại {n} thông báo không gửi được?",
        "Send again the {n} messages that failed?",
    ),
    "sure.replay_sends": (
        "Nơi nhận có thể nhận lại tin mà họ đã có, với cùng mã thông điệp. Nơi nhận:",
        "A receiver may get again what it has, under the same message id. To:",
    ),
    "sure.portal_remove": ("Gỡ bỏ cổng {portal}?", "Remove the portal {portal}?"),
    "sure.portal_stops": (
        "Loa ngừng đọc cổng này: không ai được báo tin mới của nó nữa. Số đăng ký chỉ nhận tin của "
        "riêng cổng này: {n}.",
        "Loa stops reading it: nobody is told of what it publishes any more. Subscriptions that "
        "ask for this portal alone: {n}.",
    ),
    "sure.portal_kept": (
        "Tin đã lưu vẫn còn. Tệp {path} được giữ lại với đuôi .removed, nên có thể hoàn tác.",
        "Its posts stay. The file {path} is kept as .removed, so that it can be undone.",
    ),
    "done.portal_added": (
        "Đã thêm {portal}. Lần đọc đầu không báo tin cũ cho ai.",
        "{portal} was added. Its first reading tells nobody of old posts.",
    ),
    "done.portal_edited": ("Đã lưu tệp của {portal}.", "The file of {portal} is saved."),
    "done.portal_removed": ("Đã gỡ bỏ {portal}.", "{portal} was removed."),
    "done.portal_restored": ("Đã đưa {portal} trở lại.", "{portal} is back."),
    "done.portal_polled": (
        "Số chuyên mục được đọc ngay: {n}. Kết quả hiện ở đây trong vài giây.",
        "Listings that are read now: {n}. The outcome is here within seconds.",
    ),
    "done.portals_reread": (
        "Đã đọc lại các tệp: {n} cổng.",
        "The files were read again: {n} portals.",
    ),
    "done.unit_added": ("Đã thêm {unit}.", "{unit} was added."),
    "done.unit_edited": ("Đã lưu {unit}.", "{unit} is saved."),
    "done.unit_removed": ("Đã gỡ bỏ {unit}.", "{unit} was removed."),
    "done.unit_restored": (
        "{unit} đã trở lại, cùng các đăng ký của mình.",
        "{unit} is back, with its subscriptions.",
    ),
    "done.units_succeeded": (
        "Số đơn vị đã chuyển: {n}. Số đơn vị còn chờ chọn xã mới: {waiting}.",
        "Units moved: {n}. Units that wait for their new commune to be chosen: {waiting}.",
    ),
    "done.unit_merged": ("{unit} đã nhập vào {into}.", "{unit} is part of {into} now."),
    "done.pause": ("Đã tạm dừng gửi đến {target}.", "Sending to {target} is paused."),
    "done.resume": ("Đã gửi tiếp đến {target}.", "Sending to {target} goes on."),
    "done.confirm": ("Đã xác nhận thay cho {target}.", "{target} was vouched for."),
    "done.remove": ("Đã gỡ bỏ đăng ký đến {target}.", "The subscription to {target} was removed."),
    "done.restore": (
        "Đăng ký đến {target} đã trở lại như trước.",
        "The subscription to {target} is what it was.",
    ),
    "done.ask": (
        "Đã hỏi lại {target}; câu trả lời hiện ở đây.",
        "{target} is asked again; its answer is shown here.",
    ),
    "done.subscription_edited": (
        "Đã lưu đăng ký đến {target}.",
        "The subscription to {target} is saved.",
    ),
    "done.token_revoked": ("Đã thu hồi khóa API.", "The token is revoked."),
    "done.test": ("Đang gửi tin thử đến {target}.", "A test is on its way to {target}."),
    "done.replayed": (
        "Số thông báo được gửi lại: {n}.",
        "Messages that are sent again: {n}.",
    ),
    "done.delivery_paused": ("Đã tạm dừng mọi việc gửi.", "All delivery is paused."),
    "done.delivery_resumed": ("Việc gửi đã tiếp tục.", "Delivery goes on."),
    "done.released": ("Số tin được cho gửi: {n}.", "Posts released: {n}."),
    "done.discarded": ("Số tin được bỏ qua: {n}.", "Posts discarded: {n}."),
    "done.backfill": (
        "Đã ghi nhận: đọc lại {portal} từ {day}.",
        "Noted: {portal} is read back to {day}.",
    ),
    "done.remind": (
        "Số đơn vị được nhắc: {asked}. Vừa được nhắc trong một giờ qua: {resting}. Không có kênh "
        "nào để nhắc: {unreachable}.",
        "Units reminded: {asked}. Reminded within the last hour: {resting}. Reached by nothing: "
        "{unreachable}.",
    ),
    "done.categories": ("Đã lưu chuyên mục.", "The categories are saved."),
    "done.urgency": ("Đã lưu độ khẩn.", "The urgency is saved."),
    "done.post_added": (
        "Đã đăng “{post}” và báo cho mọi đăng ký phù hợp.",
        "“{post}” is posted, and told to every subscription that asks for it.",
    ),
    "done.post_withdrawn": ("Đã gỡ “{post}”.", "“{post}” is withdrawn."),
    "sure.withdraw": ("Gỡ “{post}”?", "Withdraw “{post}”?"),
    "sure.withdraw_tells": (
        "Mọi nơi đã nhận tin được báo là tin bị gỡ; không ai bị nhắc xác nhận nữa. Tin không trở lại, "
        "dù cổng còn đăng. Số lần đã gửi: {n}.",
        "Whoever got the post is told that it is withdrawn; nobody is reminded any more. It does "
        "not come back, even where its portal shows it still. Times that it was sent: {n}.",
    ),
    "bad.file_kind": (
        "không phải là tệp văn bản hay ảnh: {name!r}",
        "is no document and no picture: {name!r}",
    ),
    "allowed.file_kind": (
        "PDF, Word, Excel, RTF, ZIP hoặc ảnh",
        "PDF, Word, Excel, RTF, ZIP or a picture",
    ),
    "bad.file_kept": ("không đủ chỗ lưu {name!r}", "there is no room for {name!r}"),
    "allowed.file_small": (
        "một tệp nhỏ hơn, hoặc thêm chỗ theo [archive]",
        "a smaller file, or more room by [archive]",
    ),
    "conflict.posted": (
        "hôm nay đã đăng bằng tay một tin có tiêu đề này: {name!r}",
        "a post of this title was posted by hand today: {name!r}",
    ),
    "conflict.withdrawn": ("tin {name!r} đã bị gỡ", "the post {name!r} is withdrawn already"),
    "letter.sign_in_subject": ("Đăng nhập trang quản trị", "Sign in to the desk"),
    "letter.sign_in_body": (
        "Có người (có lẽ là ông/bà) vừa xin đăng nhập trang quản trị của {title} bằng địa chỉ này. "
        "Nếu không phải ông/bà, xin bỏ qua thư này.",
        "Somebody (perhaps you) asked to sign in to the desk of {title} by this address. If it was "
        "not you, ignore this mail.",
    ),
    "letter.sign_in_ends": (
        "Liên kết dùng được một lần, trong {minutes} phút.",
        "The link is good once, for {minutes} minutes.",
    ),
    "letter.sign_in_button": ("Đăng nhập", "Sign in"),
    "conflict.restore_there": (
        "không khôi phục được đăng ký {name!r}: chưa bị gỡ bỏ",
        "cannot restore the subscription {name!r}: it was not removed",
    ),
    "conflict.restore_merged": (
        "không khôi phục được {name!r}: đã nhập vào đơn vị khác",
        "cannot restore {name!r}: it became part of another unit",
    ),
    "conflict.restore_late": (
        "không khôi phục được {name!r}: đã gỡ bỏ quá {days} ngày; hãy thêm mới",
        "cannot restore {name!r}: it was removed more than {days} days ago; add it anew",
    ),
    "conflict.restore_erased": (
        "không khôi phục được đăng ký: địa chỉ đã bị xóa theo yêu cầu của chủ",
        "cannot restore the subscription: its owner had the address erased",
    ),
    "conflict.restore_owner": (
        "không khôi phục được đăng ký đến {name!r}: chính chủ đã hủy; hãy thêm đăng ký mới, chủ sẽ "
        "được hỏi",
        "cannot restore the subscription to {name!r}: its owner ended it; add a new one, and they "
        "are asked",
    ),
    "conflict.restore_unit_first": (
        "không khôi phục được đăng ký đến {name!r}: đơn vị của nó đã bị gỡ bỏ; hãy khôi phục đơn "
        "vị",
        "cannot restore the subscription to {name!r}: its unit was removed; restore the unit",
    ),
    "conflict.portal_there": ("đã có cổng {name!r}", "there is a portal {name!r} already"),
    "conflict.portal_file": (
        "không ghi được {path!r}: {said}; hãy chép nội dung tệp rồi tự đặt vào đó",
        "cannot write {path!r}: {said}; copy the file's text and put it there yourself",
    ),
    "bad.portal_file": ("không dùng được: {said}", "cannot be used: {said}"),
    "bad.portal_id": (
        "id phải vẫn là {name!r}: tin đã lưu mang id này",
        "its id must stay {name!r}: the posts that are stored have it",
    ),
    "bad.portal_no_listing": ("chưa chọn chuyên mục nào", "no listing is chosen"),
    "bad.portal_no_id": (
        'thiếu dòng id = "…" (chữ thường không dấu, số, gạch nối), hoặc không phải là TOML',
        'has no line id = "…" of small letters, digits and hyphens, or is no TOML',
    ),
    "missing.look": (
        "lần đọc thử {name!r} không còn được giữ",
        "what was found under {name!r} is no longer kept",
    ),
}

"""What went wrong with what somebody sent or asked for, as pages, the API and commands say it:
(Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

ERRORS: Mapping[str, tuple[str, str]] = {
    # the frame of what is wrong with a field
    "bad": ("{field}: {reason}", "{field}: {reason}"),
    "bad.allowed": (
        "{field}: {reason}; cho phép: {allowed}",
        "{field}: {reason}; allowed: {allowed}",
    ),
    # what is wrong with a field
    "bad.empty": ("còn trống", "is empty"),
    "bad.long": ("dài {n} ký tự", "is {n} characters long"),
    "bad.chars": ("có {n} ký tự", "has {n} characters"),
    "bad.least_chars": (
        "phải có ít nhất {least} ký tự",
        "String should have at least {least} characters",
    ),
    "bad.most_chars": (
        "không được quá {most} ký tự",
        "String should have at most {most} characters",
    ),
    "bad.long_of": (
        "dài {n} ký tự, chỉ được {limit}",
        "is {n} characters long, at most {limit} are allowed",
    ),
    "bad.many_of": ("có {n} mục, chỉ được {limit}", "has {n} items, at most {limit} are allowed"),
    "bad.few_of": (
        "có {n} mục, phải có ít nhất {least}",
        "has {n} items, at least {least} are needed",
    ),
    "bad.please": ("{reason}; xin nhập: {allowed}", "{reason}; please give: {allowed}"),
    "bad.controls": ("có ký tự điều khiển", "holds control characters"),
    "bad.no_controls": ("không được có ký tự điều khiển", "control characters are not allowed"),
    "bad.nul": ("có ký tự NUL", "holds a NUL character"),
    "bad.no_text": ("có ký tự không phải là chữ", "holds characters that are no text"),
    "bad.missing": ("còn thiếu", "Field required"),
    "bad.unknown_field": ("không có trường này", "Extra inputs are not permitted"),
    "bad.type_string": ("phải là một chuỗi", "Input should be a valid string"),
    "bad.type_number": ("phải là một số nguyên", "Input should be a valid integer"),
    "bad.type_bool": ("phải là true hoặc false", "Input should be a valid boolean"),
    "bad.type_object": ("phải là một đối tượng", "Input should be an object"),
    "bad.type_array": ("phải là một danh sách", "Input should be a valid array"),
    "bad.among": ("phải là một trong: {names}", "Input should be {names}"),
    "bad.least": ("phải từ {least} trở lên", "Input should be greater than or equal to {least}"),
    "bad.most": ("không được quá {most}", "Input should be less than or equal to {most}"),
    "bad.instant": (
        "phải là một thời điểm như 2026-11-23T08:00:00+07:00",
        "must be an instant as 2026-11-23T08:00:00+07:00",
    ),
    "bad.no_instant": ("{text!r} không phải là một thời điểm", "{text!r} is no instant"),
    "bad.repeated": ("được gửi nhiều lần", "is given more than once"),
    "bad.too_often": ("được gửi quá nhiều lần", "is given too often"),
    "bad.times": ("được gửi {n} lần", "is given {n} times"),
    "bad.count": ("có {n}", "are {n}"),
    "bad.number": ("là {n}", "is {n}"),
    "bad.not_known": ("không có giá trị này", "is not known"),
    "bad.category": ("không có chuyên mục {text!r}", "there is no category {text!r}"),
    "bad.portal": ("không có cổng {text!r}", "there is no portal {text!r}"),
    "bad.state": ("không có tình trạng {text!r}", "there is no state {text!r}"),
    "bad.value": ("không có {text!r}", "there is no {text!r}"),
    "bad.names_none": ("không có {field} {text!r}", "names no {field}: {text!r}"),
    "bad.address": ("{text!r} không phải là địa chỉ thư", "{text!r} is no mail address"),
    "bad.channel": ("không có kênh này: {text!r}", "is none: {text!r}"),
    "bad.cursor": ("không phải là con trỏ mà một trang đã đưa", "is not one that a page gave"),
    "bad.cursor_list": ("không phải là con trỏ của danh sách này", "is no cursor of this list"),
    "bad.cursor_feed": ("không phải là con trỏ của nguồn tin này", "is no cursor of this feed"),
    "bad.parameter": ("không phải là tham số của nguồn tin", "is no parameter of a feed"),
    "bad.no_archive": ("không có trang cũ hơn", "has no archive"),
    "bad.key_used": ("đã dùng cho một yêu cầu khác", "was used before for another request"),
    "bad.unit_and_role": (
        "chỉ đi với vai trò unit, và vai trò ấy phải có nó",
        "goes with the role unit, and that with it",
    ),
    "bad.beyond_role": (
        "vượt quá vai trò {role}: {scopes}",
        "is beyond the role {role}: {scopes}",
    ),
    "bad.beyond_maker": (
        "vượt quá phạm vi của khóa đang dùng: {scopes}",
        "is beyond the token that makes it: {scopes}",
    ),
    "bad.beyond_maker_day": (
        "dài hơn khóa đang dùng, hết hạn sau ngày {day}",
        "is after {day}, the last day of the token that makes it",
    ),
    "bad.token_day": ("không phải là ngày dùng được", "is no day that can be taken"),
    "allowed.token_day": (
        "một ngày từ {first}, trong vòng mười năm",
        "a day from {first} on, within ten years",
    ),
    "bad.unit_of_token": (
        "không phải là đơn vị của khóa truy cập này",
        "is not the unit of this token",
    ),
    "bad.vouching": (
        "chỉ quản trị viên mới được bảo đảm cho một địa chỉ",
        "only an operator may vouch for a target",
    ),
    "bad.vouching_none": (
        "bảo đảm cho một địa chỉ khác, nhưng chưa có địa chỉ nào",
        "vouches for another address, and none is given",
    ),
    "bad.always_immediate": ("kênh {channel} luôn gửi ngay", "a {channel} is always immediate"),
    "bad.headers_webhook": ("chỉ dùng cho webhook", "go with a webhook only"),
    "bad.headers_many": ("quá nhiều", "are too many"),
    "bad.headers_name": ("có tên không dùng được", "hold a name that is no header"),
    "bad.headers_own": ("có {text!r}, do Loa tự đặt", "hold {text!r}, which Loa sets itself"),
    "bad.headers_value": (
        "có giá trị của {text!r} không gửi được",
        "hold a value of {text!r} that cannot be sent",
    ),
    "bad.no_mail": (
        "dịch vụ này chưa gửi được thư: email.smtp_url còn trống",
        "email is not set up here: email.smtp_url is empty, so no mail could be sent",
    ),
    "bad.link": ("không phải là liên kết của dịch vụ này", "is not a valid link of this service"),
    "bad.nothing_to_replay": ("chưa nêu phải gửi lại cái gì", "nothing was named to replay"),
    # what is wrong with the address of a webhook
    "bad.url": ("không phải là địa chỉ web", "is no web address"),
    "bad.url_scheme": ("có giao thức {text!r}", "has the scheme {text!r}"),
    "bad.url_plain": (
        "là http thường, ai trên đường truyền cũng đọc được",
        "is plain http, which anybody on the way can read",
    ),
    "bad.url_user": ("có tên người dùng", "carries a user name"),
    "bad.url_fragment": (
        "có phần sau dấu '#', không bao giờ được gửi",
        "carries a fragment, which is never sent",
    ),
    "bad.url_port": (
        "có cổng {port}, không dành cho web",
        "names port {port}, which is not for the web",
    ),
    "bad.url_form": ("viết địa chỉ theo một lối lạ", "writes an address in an unusual form"),
    "bad.url_no_host": ("không có tên máy chủ", "names no host"),
    "bad.url_name": ("có máy chủ không phải là tên miền", "has a host that is no domain name"),
    "bad.url_address": ("có máy chủ không phải là địa chỉ", "has a host that is no address"),
    "bad.url_private_host": ("có máy chủ của một mạng riêng", "names a host of a private network"),
    "bad.url_private_address": (
        "có địa chỉ của một mạng riêng",
        "names an address of a private network",
    ),
    # what is not there
    "missing.subscription": ("không có đăng ký {name!r}", "there is no subscription {name!r}"),
    "missing.unit": ("không có đơn vị {name!r}", "there is no unit {name!r}"),
    "missing.post": ("không có tin {name!r}", "there is no post {name!r}"),
    "missing.portal": ("không có cổng {name!r}", "there is no portal {name!r}"),
    "missing.delivery": ("không có lượt gửi {name!r}", "there is no delivery {name!r}"),
    "missing.attachment": ("không có tệp {name!r}", "there is no attachment {name!r}"),
    "missing.feed": ("không có nguồn tin {name!r}", "there is no feed {name!r}"),
    "missing.link": ("không có liên kết {name!r}", "there is no link {name!r}"),
    "missing.token": ("không có khóa truy cập {name!r}", "there is no token {name!r}"),
    "missing.revision": ("không có phiên bản {name!r}", "there is no revision {name!r}"),
    # what cannot be done as things are
    "conflict.edit_removed": (
        "không sửa được đăng ký {name!r}: đã bị gỡ bỏ; hãy thêm đăng ký mới",
        "cannot edit the subscription {name!r}: it was removed; add a new one",
    ),
    "conflict.change_removed": (
        "không đổi được đăng ký {name!r}: đã bị gỡ bỏ; hãy thêm đăng ký mới",
        "cannot change the subscription {name!r}: it was removed; add a new one",
    ),
    "conflict.rotate_removed": (
        "không cấp lại được khóa của {name!r}: đã bị gỡ bỏ; hãy thêm đăng ký mới",
        "cannot rotate the secret of {name!r}: it was removed; add a new one",
    ),
    "conflict.rotate_unsigned": (
        "không cấp lại được khóa của {name!r}: chỉ webhook mới được ký",
        "cannot rotate the secret of {name!r}: only webhooks are signed",
    ),
    "conflict.rotate_again": (
        "không cấp lại được khóa của {name!r} lần nữa: khóa trước còn ký đến {until}; `loa subscription rotate --force` "
        "chấm dứt nó ngay",
        "cannot rotate the secret of {name!r} again: the one before still signs until {until}; "
        "`loa subscription rotate --force` ends it now",
    ),
    "conflict.confirm": (
        "không xác nhận được đăng ký {name!r}: {status}; {reason}",
        "cannot confirm the subscription {name!r}: it was {status}; {reason}",
    ),
    "conflict.pause_unconfirmed": (
        "không tạm dừng được {name!r}: chủ của nó chưa xác nhận; `loa subscription confirm` bảo đảm thay",
        "cannot pause {name!r}: its owner has not confirmed it; `loa subscription confirm` vouches for it",
    ),
    "conflict.resume_unconfirmed": (
        "không gửi lại được cho {name!r}: chủ của nó chưa xác nhận; `loa subscription confirm` bảo đảm thay",
        "cannot resume {name!r}: its owner has not confirmed it; `loa subscription confirm` vouches for it",
    ),
    "conflict.pause_bounces": (
        "không tạm dừng được đăng ký {name!r}: thư bị trả lại; hãy hỏi quản trị viên",
        "cannot pause the subscription {name!r}: its mail bounces; ask the operator",
    ),
    "conflict.resume_bounces": (
        "không gửi lại được cho đăng ký {name!r}: thư bị trả lại; hãy hỏi quản trị viên",
        "cannot resume the subscription {name!r}: its mail bounces; ask the operator",
    ),
    "conflict.remedy_add": ("hãy thêm đăng ký mới", "add a new one"),
    "conflict.remedy_add_more": (
        "nó không nhận gì nữa: hãy thêm đăng ký mới",
        "it gets nothing more: add a new one",
    ),
    "conflict.remedy_resume": ("hãy cho hoạt động lại", "resume it"),
    "conflict.remedy_resume_first": ("hãy cho hoạt động lại trước", "resume it first"),
    "conflict.remedy_confirm_first": ("hãy xác nhận trước", "confirm it first"),
    "conflict.many_of_unit": (
        "không thêm được đăng ký: đơn vị đã có {n}; hãy gỡ bớt, hoặc hỏi quản trị viên",
        "cannot add a subscription: the unit has {n}; remove one, or ask the operator",
    ),
    "conflict.move": (
        "không đổi được địa chỉ của {name!r}: chỉ webhook chưa bị gỡ bỏ mới có địa chỉ để đổi",
        "cannot move {name!r}: only a webhook that was not removed has an address to change",
    ),
    "conflict.limit_mail": (
        "không giới hạn được {name!r}: mọi thư đi chung theo email.rate_per_s",
        "cannot limit {name!r}: the relay of all mail has email.rate_per_s",
    ),
    "conflict.limit": (
        "không giới hạn được {name!r}: {status}, nơi nhận không phải của nó",
        "cannot limit {name!r}: it is {status}, the endpoint is not its",
    ),
    "conflict.replay": (
        "không gửi lại được cho đăng ký {name!r}: {status}; {reason}",
        "cannot replay to the subscription {name!r}: it is {status}; {reason}",
    ),
    "conflict.ask": (
        "không hỏi xác nhận {name!r} được: {status}",
        "cannot ask {name!r} to confirm: it is {status}",
    ),
    "conflict.test": (
        "không gửi thử cho {name!r} được: {status}",
        "cannot test {name!r}: it is {status}",
    ),
    "conflict.test_channel": (
        "không gửi webhook cho {name!r} được: đăng ký qua {channel}",
        "cannot send {name!r} a webhook: it is subscribed by {channel}",
    ),
    "conflict.unit_name": (
        "không thêm được đơn vị {name!r}: đã có đơn vị cùng tên",
        "cannot add the unit {name!r}: there is one of that name",
    ),
    "conflict.acknowledge_who": (
        "không xác nhận được tin {name!r}: chỉ đơn vị mới xác nhận",
        "cannot acknowledge the post {name!r}: only a unit does",
    ),
    "conflict.acknowledge_owed": (
        "không xác nhận được tin {name!r}: không có gì phải gửi cho đơn vị này",
        "cannot acknowledge the post {name!r}: nothing of it is owed to this unit",
    ),
    "conflict.release_withdrawn": (
        "không cho gửi được tin {name!r}: cổng đã gỡ",
        "cannot release the post {name!r}: its portal has withdrawn it",
    ),
    "conflict.release_told": (
        "không cho gửi được tin {name!r}: tin không bị giữ lại",
        "cannot release the post {name!r}: it was not kept silent",
    ),
    "conflict.discard_told": (
        "không bỏ được tin {name!r}: tin đã được báo, hoặc đã được bỏ qua rồi",
        "cannot discard the post {name!r}: it was told of, or is discarded already",
    ),
    # what HTTP refuses
    "refused.storage": (
        "cơ sở dữ liệu tạm thời không dùng được",
        "the database is not available at the moment",
    ),
    "refused.media_type": (
        "gửi content-type: application/json",
        "send content-type: application/json",
    ),
    "refused.body_big": (
        "nội dung gửi lên lớn hơn {limit} byte",
        "the body has more than {limit} bytes",
    ),
    "refused.body_object": (
        "nội dung phải là một đối tượng JSON",
        "the body must be a JSON object",
    ),
    "refused.body_json": ("nội dung không phải là JSON: {error}", "the body is not JSON: {error}"),
    "refused.body_deep": (
        "nội dung lồng sâu hơn {limit} lớp",
        "the body is nested more than {limit} deep",
    ),
    "refused.until": ("Xin thử lại từ {until_at}.", "Please try again from {until_at} on."),
    "refused.metrics_token": (
        "cần một khóa truy cập: server.metrics_token",
        "a bearer token is needed: server.metrics_token",
    ),
    "refused.token": (
        "cần một khóa truy cập còn dùng được: `loa token create`",
        "a valid bearer token is needed: `loa token create`",
    ),
    "refused.viewer_token": (
        "khóa của người xem không thay đổi được gì",
        "a viewer's token changes nothing",
    ),
    "refused.scope": (
        "khóa này không có phạm vi {scope}: `loa token create --scope {scope}` cấp một khóa có",
        "this token lacks the scope {scope}: `loa token create --scope {scope}` makes one that has it",
    ),
    "refused.operator_only": (
        "chỉ khóa của quản trị viên mới làm được việc này",
        "only an operator's token may do this",
    ),
    "refused.unit_only": (
        "chỉ khóa của chính đơn vị mới làm được việc này",
        "only a unit's own token may do this",
    ),
    "refused.many_writes": (
        "quá {limit} thay đổi trong một phút",
        "more than {limit} changes in a minute",
    ),
    "refused.viewer": ("người xem không thay đổi được gì", "a viewer changes nothing"),
    "refused.form_old": (
        "biểu mẫu đã cũ hoặc không phải của dịch vụ này: hãy mở lại trang",
        "the form is too old or was not ours: open the page again",
    ),
    "refused.many_mails": (
        "quá {limit} địa chỉ chưa xác nhận trong một giờ",
        "more than {limit} unconfirmed addresses in an hour",
    ),
    "refused.idempotency_key": (
        "Idempotency-Key phải có 1 đến 255 ký tự ASCII in được, không có dấu cách",
        "Idempotency-Key must be 1 to 255 printable ASCII characters without spaces",
    ),
    "refused.feed": (
        "chưa tạo được nguồn tin này như cần có",
        "this feed cannot be made as it is meant",
    ),
    "refused.many_asked": (
        "quá nhiều địa chỉ được hỏi trong một giờ",
        "too many addresses are asked in an hour",
    ),
}

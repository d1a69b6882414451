"""Why a portal gave no usable answer, and what is wrong with a file or host of its own:
(Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

PORTAL: Mapping[str, tuple[str, str]] = {
    # on the way
    "fetch.no_address": (
        "không tải được {url!r}: không phải địa chỉ",
        "cannot fetch {url!r}: not an address",
    ),
    "fetch.not_http": (
        "không tải được {url!r}: không phải địa chỉ http",
        "cannot fetch {url!r}: not an http address",
    ),
    "fetch.name_silent": (
        "không tải được {url!r}: không hỏi được tên miền {host!r} trong thời hạn",
        "cannot fetch {url!r}: no answer about the name {host!r}",
    ),
    "fetch.name_not_now": (
        "không tải được {url!r}: lúc này không tra được tên miền {host!r}",
        "cannot fetch {url!r}: the name {host!r} cannot be looked up now",
    ),
    "fetch.name_unknown": (
        "không tải được {url!r}: không có tên miền {host!r}",
        "cannot fetch {url!r}: the name {host!r} is not known",
    ),
    "fetch.private": (
        "không tải được {url!r}: {host!r} ở trong mạng riêng",
        "cannot fetch {url!r}: {host!r} is on a private network",
    ),
    "fetch.no_way": (
        "không tải được {url!r}: không có đường tới các địa chỉ của máy chủ",
        "cannot fetch {url!r}: there is no way to the host's addresses",
    ),
    "fetch.own_network": (
        "không tải được {url!r}: mạng của máy chủ Loa bị gián đoạn",
        "cannot fetch {url!r}: our own network is down",
    ),
    "fetch.failed": ("không tải được {url!r}: {said}", "cannot fetch {url!r}: {said}"),
    "fetch.unreachable": ("không tới được {url!r}: {said}", "cannot reach {url!r}: {said}"),
    "fetch.late": (
        "không tải được {url!r}: không có trả lời trọn vẹn trong {timeout_s:g} giây",
        "cannot fetch {url!r}: no whole answer in {timeout_s:g} s",
    ),
    "fetch.too_much": (
        "không tải được {url!r}: trả lời lớn hơn mức cho phép",
        "cannot fetch {url!r}: the answer is larger than allowed",
    ),
    "fetch.too_big": (
        "không tải được {url!r}: lớn hơn {cap} byte",
        "cannot fetch {url!r}: larger than {cap} bytes",
    ),
    "fetch.tls": ("không tải được {url!r}: {reason}", "cannot fetch {url!r}: {reason}"),
    # the answer
    "fetch.answered": (
        "không tải được {url!r}: máy chủ trả lời {status}",
        "cannot fetch {url!r}: the host answers {status}",
    ),
    "fetch.coding": (
        "không tải được {url!r}: trả lời nén kiểu {coding!r} mà không ai hỏi",
        "cannot fetch {url!r}: answered in {coding!r}, which was not asked for",
    ),
    "fetch.coded_often": (
        "không tải được {url!r}: bị nén {n} lần",
        "cannot fetch {url!r}: compressed {n} times",
    ),
    "fetch.damaged": (
        "không tải được {url!r}: phần nén bị hỏng",
        "cannot fetch {url!r}: damaged compression",
    ),
    "fetch.cut": (
        "không tải được {url!r}: trả lời đứt giữa chừng",
        "cannot fetch {url!r}: the answer ends in its middle",
    ),
    "fetch.loop": (
        "không tải được {url!r}: chuyển hướng vòng tròn",
        "cannot fetch {url!r}: a redirect loop",
    ),
    "fetch.many_hops": (
        "không tải được {url!r}: chuyển hướng hơn {n} lần",
        "cannot fetch {url!r}: more than {n} redirects",
    ),
    "fetch.many_targets": (
        "không tải được {url!r}: chuyển hướng tới {n} địa chỉ cùng lúc",
        "cannot fetch {url!r}: it redirects to {n} addresses at once",
    ),
    "fetch.redirected": (
        "không tải được {url!r}: chuyển hướng tới {target!r}, {reason}",
        "cannot fetch {url!r}: it redirects to {target!r}, which {reason}",
    ),
    "redirect.no_address": ("không phải là địa chỉ", "is no address"),
    "redirect.not_http": ("không phải địa chỉ http", "is no http address"),
    "redirect.private": ("là địa chỉ của một mạng riêng", "is an address of a private network"),
    "redirect.another_host": ("là máy chủ khác", "is another host"),
    "redirect.cleartext": ("bỏ mã hóa", "gives up encryption"),
    "redirect.another_port": ("là cổng mạng khác", "is another port"),
    "fetch.robots_fault": (
        "không tải được {url!r}: robots.txt của máy chủ {reason}",
        "cannot fetch {url!r}: robots.txt of the host {reason}",
    ),
    "fetch.robots": (
        "không tải được {url!r}: robots.txt của máy chủ không cho phép",
        "cannot fetch {url!r}: robots.txt of the host forbids it",
    ),
    "robots.answered": ("trả lời {status}", "answers {status}"),
    "fetch.moved": ("đã chuyển hẳn sang {target!r}", "moved permanently to {target!r}"),
    "poll.moved_posts": (
        "{n} hàng có địa chỉ mới nhưng tiêu đề và ngày là của các bài vừa mất khỏi danh sách: coi "
        "là bài cũ,"
        " không báo cho ai",
        "{n} rows have new addresses, but the titles and days of posts that just left the "
        "listing: taken for those"
        " posts, and nobody is alerted",
    ),
    # what came
    "read.empty": ("không đọc được {url!r}: trang trống", "cannot read {url!r}: the page is empty"),
    "read.data": (
        "không đọc được {url!r}: không phải trang mà là {media!r}",
        "cannot read {url!r}: not a page but {media!r}",
    ),
    "read.recognised": (
        "không đọc được {url!r}: là trang {outcome}, không phải trang tin",
        "cannot read {url!r}: a page of {outcome}, not of posts",
    ),
    "read.no_elements": (
        "không đọc được {url!r}: không có phần tử nào",
        "cannot read {url!r}: it has no elements",
    ),
    "read.no_title": (
        "không đọc được bài {url!r}: không có tiêu đề",
        "cannot read article {url!r}: it has no title",
    ),
    "read.no_posts": (
        "không đọc được {url!r}: không thấy tin nào",
        "cannot read {url!r}: no posts were found",
    ),
    "read.no_links": (
        "không đọc được chuyên mục {url!r}: {n} liên kết mà không có liên kết nào tới bài",
        "cannot read listing {url!r}: no link to an article among {n} links",
    ),
    "read.no_list": (
        "không đọc được chuyên mục {url!r}: trong {n} liên kết không có gì giống danh sách tin",
        "cannot read listing {url!r}: nothing among {n} links looks like a list of posts",
    ),
    "read.no_rows": (
        "không đọc được chuyên mục {url!r}: {selector!r} khớp {n} hàng, không hàng nào có tin",
        "cannot read listing {url!r}: {selector!r} matches {n} rows, none with a post",
    ),
    "read.no_feed": (
        "không đọc được nguồn tin {url!r}: {said}",
        "cannot read feed {url!r}: {said}",
    ),
    "read.feed_fault": (
        "không đọc được nguồn tin {url!r}: feedparser chịu thua: {said}",
        "cannot read feed {url!r}: feedparser gives up: {said}",
    ),
    "read.front_page": (
        "không đọc được {url!r}: dẫn về trang chủ",
        "cannot read {url!r}: it leads to the front page",
    ),
    "read.says_none": (
        "không đọc được {url!r}: trang báo là không có bài này",
        "cannot read {url!r}: the page says that there is none",
    ),
    "read.another": (
        "không đọc được {url!r}: trang hiện một bài khác, {title!r}",
        "cannot read {url!r}: it shows another article, {title!r}",
    ),
    "read.ended": (
        "không đọc được {url!r} của cổng {portal!r}: {reason}",
        "cannot read {url!r} of portal {portal!r}: {reason}",
    ),
    "read.aside": (
        "không đọc được {url!r}: trang được để riêng đến {until_at}, vì đã làm Loa đứng lại "
        "{times} lần,"
        " lần gần nhất lúc {last_at}",
        "cannot read {url!r}: it is put aside until {until_at}, for it stopped Loa {times} times, "
        "lately at {last_at}",
    ),
    # the process that reads it
    "reader.late": ("đọc lâu hơn {wall_s:g} giây", "it took longer than {wall_s:g} s"),
    "reader.broke_off": ("tiến trình đọc bị ngắt: {said}", "its reader broke off: {said}"),
    "reader.fell": (
        "tiến trình đọc ngã, hoặc cần hơn {cpu_s} giây hay {mb} MB",
        "its reader fell over, or needed more than {cpu_s} s or {mb} MB",
    ),
    "reader.unstarted": (
        "không mở được tiến trình để đọc: {said}",
        "cannot start a process that reads documents: {said}",
    ),
    "reader.nonsense": (
        "tiến trình đọc trả lời vô nghĩa: {said}",
        "its reader answers nonsense: {said}",
    ),
    "reader.failed": ("tiến trình đọc gặp lỗi: {said}", "its reader failed: {said}"),
    # a file of a post
    "file.other_site": (
        "tệp ở máy chủ khác ({host}), chỉ đặt liên kết",
        "the file is on a host of another site ({host}), it is only linked",
    ),
    "file.no_kind": (
        "không phải loại tệp được lưu, chỉ đặt liên kết",
        "it is no file of a kind that is kept, it is only linked",
    ),
    "fetch.bad_port": (
        "không tải được {url!r}: cổng mạng {port} không dành cho web",
        "cannot fetch {url!r}: port {port} is not for the web",
    ),
    "fetch.another_port": (
        "không tải được {url!r}: cổng mạng {port} không có trong tệp của cổng thông tin",
        "cannot fetch {url!r}: the portal's file does not name port {port}",
    ),
    "file.is_page": ("nhận được một trang thay cho tệp", "a page came instead of the file"),
}

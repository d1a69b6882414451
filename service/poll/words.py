"""What the operator is told of a listing, in each language: the catalogue of notices, Vietnamese first.

Owns sentences only. `{…}` are the name of the portal, the address of the listing, an instant, a number.
"""

from __future__ import annotations

from collections.abc import Mapping

from service.types import Outcome

MOVED = "moved"
"""What is told of a listing that a permanent redirect within its host leads away from."""

VI: Mapping[str, str] = {
    "bad": "Loa: không theo dõi được {portal}",
    "odd": "Loa: cần xem lại {portal}",
    "recovered": "Loa: đã theo dõi lại được {portal}",
    "recovered.text": "Chuyên mục {url} đã đọc lại được.",
    "listing": "Chuyên mục: {url}",
    "since": "Từ lúc: {at}",
    "error": "Chi tiết: {error}",
    "kept": "Các tin đã lưu vẫn còn trong các nguồn tin, không tin nào bị gỡ.",
    Outcome.LAYOUT_CHANGED: "Giao diện trang đã thay đổi. Xem lại tệp cấu hình của cổng: loa portal check {id}",
    Outcome.YIELD_DROPPED: "Trang chỉ còn chưa tới một phần ba của {rows} tin thường có. "
    "Xem lại: loa portal check {id}",
    Outcome.MAINTENANCE: "Cổng đang hiện trang bảo trì. Loa tự thử lại.",
    Outcome.LOGIN: "Cổng đòi đăng nhập.",
    Outcome.BLOCKED: "Cổng chặn truy cập tự động. Hãy liên hệ đơn vị quản lý cổng.",
    Outcome.NOT_A_LISTING: "Trang trả về không phải là chuyên mục tin. Xem lại địa chỉ: loa portal check {id}",
    Outcome.ROBOTS: "Tệp robots.txt của cổng không cho phép đọc trang này.",
    Outcome.REDIRECTED: "Cổng chuyển sang địa chỉ khác. Nếu địa chỉ đúng, hãy sửa tệp cấu hình của cổng.",
    Outcome.TLS: "Chứng thư bảo mật của cổng không hợp lệ; có thể cần đặt ca_file cho cổng.",
    Outcome.NETWORK: "Không kết nối được tới cổng. Loa tự thử lại.",
    Outcome.OWN_NETWORK: "Mạng của máy chủ Loa bị gián đoạn, mọi cổng cùng không đọc được.",
    Outcome.HTTP_ERROR: "Cổng báo lỗi máy chủ. Loa tự thử lại.",
    Outcome.TOO_BIG: "Trang lớn hơn mức cho phép (polling.max_body_bytes).",
    Outcome.POSSIBLE_GAP: "Có thể đã sót tin: không lần ngược được tới tin đã biết. Xem polling.backfill_pages.",
    Outcome.HELD: "Quá nhiều tin mới cùng lúc: tin đã vào nguồn tin, thông báo được giữ lại. "
    "Khi đã xem, cho gửi bằng lệnh: loa portal release {id}",
    MOVED: "Chuyên mục đã chuyển hẳn sang địa chỉ mới cùng máy chủ; hãy sửa tệp cấu hình của cổng.",
}

EN: Mapping[str, str] = {
    "bad": "Loa: {portal} cannot be watched",
    "odd": "Loa: {portal} needs a look",
    "recovered": "Loa: {portal} is watched again",
    "recovered.text": "The listing {url} can be read again.",
    "listing": "Listing: {url}",
    "since": "Since: {at}",
    "error": "Details: {error}",
    "kept": "What is stored stays in the feeds; nothing was withdrawn.",
    Outcome.LAYOUT_CHANGED: "The layout of the page changed. See the portal's file: loa portal check {id}",
    Outcome.YIELD_DROPPED: "The page shows less than a third of its usual {rows} posts. See: loa portal check {id}",
    Outcome.MAINTENANCE: "The portal shows a maintenance page. Loa tries again by itself.",
    Outcome.LOGIN: "The portal asks for a login.",
    Outcome.BLOCKED: "The portal blocks automatic access. Please contact its administrators.",
    Outcome.NOT_A_LISTING: "What came is no listing of posts. See the address: loa portal check {id}",
    Outcome.ROBOTS: "robots.txt of the portal forbids reading this page.",
    Outcome.REDIRECTED: "The portal redirects elsewhere. If that is right, change the portal's file.",
    Outcome.TLS: "The portal's certificate is not valid; it may need a ca_file.",
    Outcome.NETWORK: "The portal cannot be reached. Loa tries again by itself.",
    Outcome.OWN_NETWORK: "Loa's own network is down: no portal can be reached.",
    Outcome.HTTP_ERROR: "The portal answers with an error. Loa tries again by itself.",
    Outcome.TOO_BIG: "The page is larger than allowed (polling.max_body_bytes).",
    Outcome.POSSIBLE_GAP: "Posts may have been missed: no known post was reached. See polling.backfill_pages.",
    Outcome.HELD: "Too many new posts at once: they are in the feeds, their alerts are held back. "
    "When you have looked, let them go: loa portal release {id}",
    MOVED: "The listing moved for good to another address of its host; please change the portal's file.",
}


def words(language: str) -> Mapping[str, str]:
    """The catalogue of a language; Vietnamese for one that is not known."""
    return EN if language == "en" else VI

"""What a person is told before consenting to be written to (Law 91/2025/QH15, articles 4 and 9):
the purpose, who is responsible, what is kept, and the rights.

A version that was once shown is never changed, since consents name it: another text is another
version, at the end. A test holds them.
"""

from __future__ import annotations

from collections.abc import Mapping

PURPOSE, CONTROLLER, KEPT, RIGHTS = "purpose", "controller", "kept", "rights"

CONSENT_TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "2026-11-30": {
        PURPOSE: (
            "Mục đích: gửi đến địa chỉ này những tin ông/bà chọn và thư về chính đăng ký này; "
            "không dùng vào việc khác, không giao cho ai ngoài máy chủ chuyển thư.",
            "Purpose: to send this address the posts that you choose, and mails about the "
            "subscription itself; nothing else, and nobody but the mail server is given it.",
        ),
        CONTROLLER: (
            "Bên kiểm soát dữ liệu: {controller}.",
            "Responsible for the data: {controller}.",
        ),
        KEPT: (
            "Dữ liệu được lưu: địa chỉ thư, những điều ông/bà chọn, ngôn ngữ, lúc đồng ý và văn "
            "bản đồng ý: đến khi ông/bà xóa; thư đã gửi và kết quả gửi: {mails}; nhật "
            "ký thao tác với địa chỉ mạng, chữ cái đầu và tên miền của địa chỉ thư: {log}.",
            "Kept: the address, what you choose, the language, when and to which text you "
            "consented: until you erase them; mails sent and how that went: {mails}; "
            "a log of what was done, with the network address and the first letter and domain of "
            "the mail address: {log}.",
        ),
        RIGHTS: (
            "Quyền của ông/bà theo Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15: được biết; đồng ý "
            "hay không, rút lại sự đồng ý; xem, chỉnh sửa; yêu cầu cung cấp, xóa, hạn chế xử lý; "
            "phản đối; khiếu nại, tố cáo, khởi kiện, yêu cầu bồi thường; yêu cầu được bảo vệ. Xem, "
            "sửa, tải về và xóa: bấm “Thay đổi đăng ký” ở cuối mỗi thư, mục “Dữ liệu của tôi”.",
            "Your rights under the Law on personal data protection, 91/2025/QH15: to know; to "
            "consent or not, and to withdraw consent; to see and correct; to ask for a copy, "
            "erasure or restriction; to object; to complain, denounce, sue and claim damages; to "
            "ask for protection. To see, correct, download and erase: “Change subscription” at the "
            "end of each mail, then “My data”.",
        ),
    },
}
"""By version, the day on which it was first shown: (Vietnamese, English) of each sentence."""

CONSENT_VERSION = max(CONSENT_TEXTS)

"""Kinds of documents as Vietnamese documents write them: names, the same in every language."""

from __future__ import annotations

KINDS: dict[str, str] = {
    "nghi-quyet": "Nghị quyết", "quyet-dinh": "Quyết định", "chi-thi": "Chỉ thị",
    "quy-che": "Quy chế",
    "quy-dinh": "Quy định", "thong-cao": "Thông cáo", "thong-bao": "Thông báo",
    "huong-dan": "Hướng dẫn",
    "chuong-trinh": "Chương trình", "ke-hoach": "Kế hoạch", "phuong-an": "Phương án",
    "de-an": "Đề án",
    "du-an": "Dự án", "bao-cao": "Báo cáo", "bien-ban": "Biên bản", "to-trinh": "Tờ trình",
    "hop-dong": "Hợp đồng",
    "cong-van": "Công văn", "cong-dien": "Công điện", "ban-ghi-nho": "Bản ghi nhớ",
    "ban-thoa-thuan": "Bản thỏa thuận", "giay-uy-quyen": "Giấy ủy quyền", "giay-moi": "Giấy mời",
    "giay-trieu-tap": "Giấy triệu tập",
    "giay-gioi-thieu": "Giấy giới thiệu", "giay-nghi-phep": "Giấy nghỉ phép",
    "phieu-gui": "Phiếu gửi",
    "phieu-chuyen": "Phiếu chuyển", "phieu-bao": "Phiếu báo", "thu-cong": "Thư công",
    "luat": "Luật",
    "phap-lenh": "Pháp lệnh", "nghi-dinh": "Nghị định", "thong-tu": "Thông tư",
    "thong-tu-lien-tich": "Thông tư liên tịch", "ket-luan": "Kết luận",
    "chuong-trinh-hanh-dong": "Chương trình hành động",
}  # fmt: skip


def kind_name(kind: str | None) -> str:
    """A document kind as Vietnamese documents write it; in every language, since it is a name."""
    return "" if kind is None else KINDS.get(kind, kind.replace("-", " ").capitalize())

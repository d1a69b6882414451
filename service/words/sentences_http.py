"""What a refusal says by its status alone, to people and to programs."""

from __future__ import annotations

HTTP_WORDS: dict[str, tuple[str, str]] = {
    "problem.400": ("Yêu cầu không hợp lệ", "The request cannot be used"),
    "problem.401": ("Cần đăng nhập", "A login is needed"),
    "problem.403": ("Không được phép", "Not allowed"),
    "problem.404": ("Không tìm thấy trang này", "This page does not exist"),
    "problem.405": ("Không dùng được cách gửi này", "This method is not allowed"),
    "problem.408": ("Nội dung gửi lên đến quá chậm", "What was sent came too slowly"),
    "problem.409": ("Không thực hiện được lúc này", "Not possible in this state"),
    "problem.410": ("Trang này không còn nữa", "This page is gone"),
    "problem.413": ("Nội dung gửi lên quá lớn", "What was sent is too big"),
    "problem.414": ("Địa chỉ quá dài", "The address is too long"),
    "problem.415": ("Không đọc được loại nội dung này", "This type of content is not read here"),
    "problem.422": ("Thông tin gửi lên chưa đúng", "What was sent cannot be used"),
    "problem.429": (
        "Quá nhiều yêu cầu, xin thử lại sau",
        "Too many requests, please try again later",
    ),
    "problem.431": ("Các tiêu đề của yêu cầu quá dài", "The fields of the request are too long"),
    "problem.500": ("Máy chủ gặp lỗi", "Something went wrong here"),
    "problem.503": ("Dịch vụ tạm thời gián đoạn", "The service is briefly not available"),
}
"""Other statuses are said as 400 or 500."""

"""Names in alphabetical order, as a reader of each language looks them up."""

import pytest

from leadline.language.order import initial, order_key


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("en", ["Ad spend", "Bounce rate", "cost", "Émile", "Zeal"]),
        ("vi", ["Cam", "Can", "Cắn", "Cần", "Dân", "Đan", "Em", "Ôm", "Ơn", "Phở", "Tỷ lệ"]),
        ("tr", ["Cam", "Çam", "Gelir", "Ilık", "İade", "Oran", "Ölçü", "Satış", "Şikâyet", "Ücret"]),
        ("ms", ["Kadar klik", "kos", "Prospek"]),
        ("zh", ["按产品的收入", "CAC 回收期", "采用率", "广告", "客户", "MQL 接受率", "收入", "线索", "转化率"]),
        ("ar", ["CTR", "الإيرادات", "البلد", "التكلفة", "حجم الصفقة", "الوصول"]),
    ],
)
def test_order(code: str, names: list[str]) -> None:
    shuffled = names[::-1]
    assert sorted(shuffled, key=lambda name: order_key(name, code)) == names


@pytest.mark.parametrize(
    ("code", "name", "letter"),
    [
        ("en", "ad spend", "A"),
        ("en", "3-second views", "#"),
        ("vi", "Đơn hàng", "Đ"),
        ("vi", "ẩn", "Â"),
        ("tr", "içerik", "İ"),
        ("tr", "ılık", "I"),
        ("zh", "线索", "X"),
        ("zh", "转化率", "Z"),
        ("zh", "客户流失率", "K"),
        ("zh", "广告花费", "G"),
        ("zh", "（销售）收入", "X"),
        ("zh", "MQL 转 SQL 率", "M"),
        ("zh", "鑫", "#"),
        ("ar", "الإيرادات", "ا"),
        ("ar", "‏CAC للإحالة", "C"),
        ("ar", "العملاء", "ع"),
    ],
)
def test_letter(code: str, name: str, letter: str) -> None:
    assert initial(name, code) == letter

import pytest

from accounts.phone import normalise


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13800000000", "13800000000"),
        (" 138 0000 0000 ", "13800000000"),
        ("138-0000-0000", "13800000000"),
        ("+8613800000000", "13800000000"),
        ("+86 138 0000 0000", "13800000000"),
        ("008613800000000", "13800000000"),
        ("１３８００００００００", "13800000000"),
        ("12800000000", None),
        ("1380000000", None),
        ("lihua", None),
        ("", None),
    ],
)
def test_normalise(typed, number):
    assert normalise(typed) == number

import pytest

from pledges import signature_path

GOOD = "M10 100L60 40L110 150L200 90M220 60L300 160"


def test_a_written_name_is_a_signature():
    assert signature_path.fault_of(GOOD) == ""


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("", "没有传完整"),
        ("M10 10", "没有传完整"),
        ("M10 10L12 12", "太短"),
        ("M10 10L700 10", "超出"),
        ("M10 10L99 300", "超出"),
        (GOOD + '"/><script>', "没有传完整"),
        (GOOD + "\n", "没有传完整"),
        ("M10 10C1 1 2 2 3 3", "没有传完整"),
        ("M10 10" + "L1 1L500 199" * 2000, "笔画太多"),
    ],
    ids=["empty", "a dot", "a slip", "too far right", "too low", "markup", "line end", "curve",
         "long"],
)  # fmt: skip
def test_everything_else_is_refused_with_a_sentence(path, word):
    assert word in signature_path.fault_of(path)

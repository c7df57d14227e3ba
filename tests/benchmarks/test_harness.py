import pytest

from benchmarks.harness import Figure, in_turns, percentile


@pytest.mark.parametrize(
    ("ours", "goal", "is_met"),
    [(2.9, 3.0, True), (3.1, 3.0, False), (99.0, None, True)],
    ids=["within", "above", "no goal"],
)
def test_a_goal_is_the_largest_ratio_that_meets_it(ours, goal, is_met):
    assert Figure("rate", 1000, ours, 1.0, goal).is_met == is_met


def test_a_line_says_ours_the_floor_and_the_peer_in_its_unit():
    line = Figure("import", 10, 2.0, 1.0, 2.0, peer=98.0, peak_mb=231.4).as_dict()
    assert line == {
        "job": "import", "size": 10, "ours_s": 2.0, "limit_s": 1.0, "ratio": 2.0, "goal": 2.0,
        "met": True, "peer_s": 98.0, "peer_ratio": 49.0, "peak_mb": 231,
    }  # fmt: skip


def test_ways_take_turns_so_that_a_noisy_machine_disturbs_both():
    order = []
    in_turns(lambda: order.append("ours"), lambda: order.append("limit"), runs=3)
    assert order == ["ours", "limit"] * 3


def test_the_ninety_fifth_percentile_of_a_hundred_is_the_ninety_sixth_in_order():
    assert percentile(range(100), 0.95) == 95

import pytest

from edgebench.report import figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (figures.accuracy(0.9639), "0.964"),
        (figures.accuracy(None), "n/a"),
        (figures.percentage_points(0.0062), "+0.6"),
        (figures.percentage_points(-0.0192), "-1.9"),
        (figures.percentage_points(-0.0001), "+0.0"),
        (figures.kibibytes(1_213_440), "1\u202f185.0"),
        (figures.count(1_235_496), "1\u202f235\u202f496"),
        (figures.milliseconds(0.8449, 2), "0.84"),
        (figures.interval(0.82, 0.8749, 2), "[0.82, 0.87]"),
        (figures.interval(None, 0.87), ""),
        (figures.duration(41.04), "41.0 s"),
        (figures.duration(1661), "27 min 41 s"),
        (figures.duration(3725), "1 h 02 min"),
        (figures.duration(59.99), "1 min 00 s"),
    ],
)
def test_numbers_are_written_for_people(text: str, expected: str) -> None:
    assert text == expected


@pytest.mark.parametrize(
    ("values", "decimals"), [([1.6, 3.0], 2), ([0.52], 2), ([0.034, 9.0], 3), ([0.0], 2), ([], 2)]
)
def test_the_least_value_keeps_two_significant_digits(values: list[float], decimals: int) -> None:
    assert figures.decimals_for(values) == decimals

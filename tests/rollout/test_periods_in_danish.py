"""Every way that a Danish plan writes when: each is read as the same days."""

from datetime import date

import pytest

from ticketing.rollout.periods import spans
from ticketing.rollout.plan import Period
from ticketing.rollout.weeks import NoSuchDay

WRITTEN = """
To hele dage, den 28.01.19 og 29.01.19             | 2019-01-28 | 2019-01-29
En hel dag, den 24.01.19                           | 2019-01-24 | 2019-01-24
7 timers kursus i perioden 04.03.19 til 11.03.19   | 2019-03-04 | 2019-03-11
3-4 timers kursus i perioden fra 23.11.20 – 14.12.20 | 2020-11-23 | 2020-12-14
11.01.2021 – 18.01.2021                            | 2021-01-11 | 2021-01-18
Uge 41- 43 2019                                    | 2019-10-07 | 2019-10-25
2. og 3. september 2020                            | 2020-09-02 | 2020-09-03
2.-4. september 2020                               | 2020-09-02 | 2020-09-04
16.-19.11.20                                       | 2020-11-16 | 2020-11-19
den 2/9-20                                         | 2020-09-02 | 2020-09-02
28/1-29/1 2019                                     | 2019-01-28 | 2019-01-29
mandag den 4. marts til fredag d. 8. marts 2019 kl. 8.30-15.00 | 2019-03-04 | 2019-03-08
2020-09-02 til 2020-09-03                          | 2020-09-02 | 2020-09-03
uge 43/2019                                        | 2019-10-21 | 2019-10-25
2019-W43                                           | 2019-10-21 | 2019-10-25
uge 43 i 2019                                      | 2019-10-21 | 2019-10-25
uge 51 2020 – uge 2 2021                           | 2020-12-14 | 2021-01-15
uge 51-2 2021                                      | 2020-12-14 | 2021-01-15
uge 10, 11 og 12 2021                              | 2021-03-08 | 2021-03-26
15.12 – 10.01.2021                                 | 2020-12-15 | 2021-01-10
4.-8. oktober og 11.-15. oktober 2021              | 2021-10-04 | 2021-10-15
fra november 2018 til november 2019                | 2018-11-01 | 2019-11-30
fra 22. september 2020 til januar 2021             | 2020-09-22 | 2021-01-31
primo marts 2021                                   | 2021-03-01 | 2021-03-10
medio oktober 2020                                 | 2020-10-11 | 2020-10-21
ultimo maj 2021                                    | 2021-05-22 | 2021-05-31
i efteråret 2019/forår 2020                        | 2019-08-01 | 2020-05-31
1. kvartal 2021                                    | 2021-01-01 | 2021-03-31
xx.10.2020                                         | 2020-10-01 | 2020-10-31
efterårsferien 2021                                | 2021-10-18 | 2021-10-22
Fra og med den 9. august 2021                      | 2021-08-09 | -
1. august 2021 –                                   | 2021-08-01 | -
uge 43 2019 og frem                                | 2019-10-21 | -
senest 1. maj 2021                                 | -          | 2021-05-01
25.01.19 til 28.02.18                              | 2019-01-25 | 2018-02-28
"""


@pytest.mark.parametrize("line", WRITTEN.strip().splitlines())
def test_it_is_read_as_these_days(line: str) -> None:
    text, start, end = (part.strip() for part in line.split("|"))
    found = spans(text)
    assert len(found) == 1
    days = [None if day == "-" else date.fromisoformat(day) for day in (start, end)]
    assert found[0].period() == Period(*days)


@pytest.mark.parametrize(
    "text", ["30.09 - Skypemøde", "21.10 og 22.10 - Kursus", "Uge 43 og frem", "7.3. - 11.3."]
)
def test_without_a_year_none_is_made_up(text: str) -> None:
    assert [span.year_missing for span in spans(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "3-6 timers kursus",
        "to hele dage",
        "kl. 9.10-15.30",
        "aftales med kommunikationsgruppen",
        "ca. 10 pædagogiske ledere ad gangen",
        "69 superbrugere (1-dags uddannelse)",
        "version 2.14 koster 3.500 kr",
        "https://intranet.example/2021/03/12",
        "",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert spans(text) == []


@pytest.mark.parametrize("text", ["uge 53 2021", "31.02.2020", "29. februar 2021", "uge 60 2020"])
def test_a_day_that_never_was_says_so(text: str) -> None:
    (span,) = spans(text)
    with pytest.raises(NoSuchDay, match="findes ikke"):
        span.period()


def test_a_year_with_53_weeks_has_them() -> None:
    assert spans("uge 53 2020")[0].period() == Period(date(2020, 12, 28), date(2021, 1, 1))

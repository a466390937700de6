"""Dates come from the environment or the study, never from the clock."""

from __future__ import annotations

import pytest

from reporter.pipeline.provenance import document_date, provenance


@pytest.mark.parametrize(
    ("epoch", "study", "expected"),
    [
        ("0", "", "1970-01-01"),
        ("1700000000", "2020-02-02", "2023-11-14"),
        (None, "2020-02-02", "2020-02-02"),
        (None, "", ""),
        ("not a number", "", ""),
    ],
)
def test_the_date(epoch: str | None, study: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if epoch is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    assert document_date(study) == expected


def test_versions_of_what_makes_the_numbers() -> None:
    found = provenance("abc")
    assert found.study_sha256 == "abc" and {"numpy", "scipy", "scikit-learn"} <= set(found.packages)

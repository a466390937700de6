"""Pseudonyms, their key, and the group of the oldest."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from reporter.errors import UsageError
from reporter.intake.deidentify import KEY_NAME, KEY_VARIABLE, group_oldest, is_age, pseudonym, pseudonym_key


@pytest.fixture(autouse=True)
def no_key_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def test_a_pseudonym_is_the_first_80_bits_of_hmac_sha256_in_base32() -> None:
    """RFC 4231, test case 2: key "Jefe", data "what do ya want for nothing?", digest 5bdcc146bf60754e6a04..."""
    expected = "lpomcrv7mb2u42qe"  # base32 of 5b dc c1 46 bf 60 75 4e 6a 04
    assert pseudonym(b"Jefe", "what do ya want for nothing?") == expected


def test_another_key_gives_another_pseudonym_and_another_patient_too() -> None:
    one = pseudonym(b"k" * 16, "1")
    assert one != pseudonym(b"l" * 16, "1")
    assert len({pseudonym(b"k" * 16, str(i)) for i in range(2000)}) == 2000


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    key = pseudonym_key(tmp_path)
    path = tmp_path / KEY_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert pseudonym_key(tmp_path) == key
    assert len(key) == 64


def test_a_named_key_is_read_and_the_environment_comes_before_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.key").write_text("s" * 20 + "\n", encoding="utf-8")
    assert pseudonym_key(tmp_path, "own.key") == b"s" * 20
    monkeypatch.setenv(KEY_VARIABLE, "e" * 20)
    assert pseudonym_key(tmp_path) == b"e" * 20
    assert not (tmp_path / KEY_NAME).exists()


def test_a_key_that_is_absent_or_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        pseudonym_key(tmp_path, "no.key")
    (tmp_path / "own.key").write_text("short", encoding="utf-8")
    with pytest.raises(UsageError, match="5 bytes; at least 16"):
        pseudonym_key(tmp_path, "own.key")


@pytest.mark.parametrize(
    ("name", "label", "unit", "expected"),
    [
        ("age", "Age", "years", True), ("age_at_dx", "", "years", True), ("x", "Age at surgery", "", True),
        ("x", "确诊年龄", "岁", True), ("stage", "Stage", "", False), ("dosage", "Dosage", "years", False),
        ("age", "Gestational age", "weeks", False),
    ],
)  # fmt: skip
def test_which_columns_are_ages(name: str, label: str, unit: str, expected: bool) -> None:
    assert is_age(name, label, unit) is expected


def test_ages_above_90_are_90_and_missing_ages_stay_missing() -> None:
    found = group_oldest(np.array([89.0, 90.0, 97.5, np.nan]))
    np.testing.assert_array_equal(found, [89.0, 90.0, 90.0, np.nan])

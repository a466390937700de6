"""The figures that the synthetic cohorts are drawn from."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

from reporter.resources import synthetic_facts

KINDS = ("leiomyosarcoma", "stromal", "adenosarcoma", "other", "carcinosarcoma", "carcinoma")
STAGES = (1, 2, 3, 4)


@cache
def load_facts() -> dict[str, Any]:
    """Return the table of figures; shares are fractions, ages years, sizes mm, times months."""
    return tomllib.loads(synthetic_facts("uterine_sarcoma").read_text(encoding="utf-8"))

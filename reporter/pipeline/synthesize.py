"""``reporter synthesize``: write a synthetic cohort and its study file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reporter.errors import UsageError, did_you_mean

NAMES = ("uterine_sarcoma",)
LEAST_ROWS = 400
EXPORT, HOSPITAL = "uterine_sarcoma_SYNTHETIC", "hospital_SYNTHETIC.xlsx"


def synthesize(
    name: str, out: Path, *, seed: int | None, rows: int | None, say: Callable[[str], None], overwrite: bool = False
) -> int:
    """Write a synthetic SEER*Stat export (``.txt`` and ``.dic``) and a synthetic hospital table (``.xlsx``).

    Parameters
    ----------
    name
        ``uterine_sarcoma``.
    out
        Folder; made when absent. Files of these names are kept unless `overwrite`.
    seed, rows
        None: as shipped. `rows` counts the tumours of the export; the same seed and rows give the same bytes.

    Raises
    ------
    UsageError
        Another name, too few rows, a negative seed, or files that are there already.
    """
    from reporter.intake.synthetic.facts import load_facts
    from reporter.intake.synthetic.hospital import draw_hospital, hospital_workbook
    from reporter.intake.synthetic.seer import draw_export
    from reporter.intake.synthetic.seer_files import export_dictionary, export_text

    if name not in NAMES:
        raise UsageError(f"synthesize: there is no '{name}'.{did_you_mean(name, NAMES)} Allowed: {', '.join(NAMES)}.")
    facts = load_facts()
    seed, rows = facts["seed"] if seed is None else seed, facts["rows"] if rows is None else rows
    if rows < LEAST_ROWS or rows > 200_000 or seed < 0:
        got = f"got --rows {rows} --seed {seed}"
        raise UsageError(f"synthesize: {got}; rows are {LEAST_ROWS} to 200000, a seed 0 or more.")
    paths = [out / f"{EXPORT}.txt", out / f"{EXPORT}.dic", out / HOSPITAL]
    there = [path.name for path in paths if path.exists()]
    if there and not overwrite:
        raise UsageError(f"synthesize: {out} already has {', '.join(there)}; name another folder, or add --overwrite.")
    fields, hazards = draw_export(facts, seed=seed, rows=rows)
    columns = draw_hospital(facts, hazards, seed=seed + 1, rows=facts["hospital_rows"])
    out.mkdir(parents=True, exist_ok=True)
    contents = (export_text(fields), export_dictionary(fields, paths[0].name), hospital_workbook(columns))
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
        say(f"{path}: {len(content):,} bytes, synthetic")
    women = facts["hospital_rows"]
    say(f"{rows} tumours of the export, {women} patients of the hospital, seed {seed}; none is a person")
    return 0

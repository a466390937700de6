"""A synthetic table of a Chinese hospital: other names, codes and units than the registry's, as a workbook."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reporter.intake.synthetic.course import CANCER, OTHER, Course, Hazards, draw_course
from reporter.intake.synthetic.draws import Draws, Texts
from reporter.intake.synthetic.women import Mask, Women, draw_women, kinds_of

Cell = str | int | float | dt.date | None
SHEET = "患者(合成数据 SYNTHETIC)"
NOTE = "SYNTHETIC. No row describes a person; made by 'reporter synthesize'. 合成数据,不含真实患者。"
HEADERS = (
    "病案号", "年龄(岁)", "绝经", "就诊类型", "诊断日期", "末次随访日期", "随访结局", "病理类型", "组织学分级",
    "肿瘤最大径(cm)", "FIGO分期(2009)", "淋巴结转移", "远处转移", "手术", "手术方式", "淋巴结清扫", "化疗", "放疗",
)  # fmt: skip
_STAMP = (2026, 1, 1, 0, 0, 0)
_EPOCH = dt.date(2000, 1, 1)
_TYPES = {
    "leiomyosarcoma": "平滑肌肉瘤", "adenosarcoma": "腺肉瘤", "other": "未分化子宫肉瘤", "carcinosarcoma": "癌肉瘤",
}  # fmt: skip
# The ward writes the stage with the characters of Roman numerals.
_ONE = "\N{ROMAN NUMERAL ONE}"
_STAGES = {
    "T1NOS": _ONE, "T1a": f"{_ONE}A", "T1b": f"{_ONE}B", "T1c": f"{_ONE}C", "T2": "Ⅱ", "T2a": "ⅡA", "T2b": "ⅡB",
    "T3a": "ⅢA", "T3b": "ⅢB",
}  # fmt: skip
_OPERATIONS = {"全子宫+双附件切除术": 0.83, "全子宫切除术": 0.08, "广泛子宫切除术": 0.07, "子宫肌瘤剔除术": 0.02}


def _with_hospital(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures with the hospital's ages and its lower stages."""
    hospital = facts["hospital"]
    out = dict(facts)
    for kind in hospital["shares"]:
        stage = np.array(facts[kind]["stage"])
        moved = stage[1:] * hospital["stage_shift"]
        low = [*facts[kind]["grade"]]
        if kind == "stromal":
            high = hospital["stromal_high"]
            low = [(1 - high) * share for share in (0.45, 0.30)] + [high, (1 - high) * 0.25]
        out[kind] = {**facts[kind], "age": hospital["age"], "stage": [1 - moved.sum(), *moved], "grade": low}
    marginals = facts["marginals"]
    out["marginals"] = {**marginals, "surgery": [hospital["surgery"]] * 4, "size_unknown": hospital["missing"]}
    return out


def _stage(women: Women) -> Texts:
    """Return the stage in Roman numerals as the ward writes it; None where the categories do not give one."""
    out: list[str | None] = []
    for t, n, m in zip(women.t, women.n, women.m, strict=True):
        if m == "M1":
            out.append("ⅣB")
        elif t in ("T4", "TX") or n == "NX":
            out.append("ⅣA" if t == "T4" else None)
        else:
            out.append("ⅢC" if n == "N1" else _STAGES[t])
    return np.array(out, dtype=object)


def _date(years: float) -> dt.date:
    return _EPOCH + dt.timedelta(days=round((years - 2000) * 365.25))


def _yes(mask: Mask) -> list[Cell]:
    return ["是" if one else "否" for one in mask]


def _grades(women: Women) -> list[Cell]:
    words = ("不详", "低级别", "低级别", "高级别", "高级别")
    return [words[grade] for grade in women.grade]


def _types(women: Women) -> list[Cell]:
    stromal = np.where(women.high_grade, "高级别子宫内膜间质肉瘤", "低级别子宫内膜间质肉瘤")
    return [_TYPES.get(kind, str(word)) for kind, word in zip(women.kind, stromal, strict=True)]


def _outcomes(course: Course, lost: Mask) -> list[Cell]:
    words = {CANCER: "肿瘤死亡", OTHER: "其他原因死亡"}
    return [words.get(int(s), "失访" if gone else "存活") for s, gone in zip(course.status, lost, strict=True)]


def _some(values: Sequence[Cell], share: float, draws: Draws) -> list[Cell]:
    """Empty a share of the cells."""
    gone = draws.flag(share, np.zeros(len(values)))
    return [None if empty else value for value, empty in zip(values, gone, strict=True)]


def _columns(women: Women, course: Course, facts: Mapping[str, Any], draws: Draws) -> list[list[Cell]]:
    n, hospital = women.age.size, facts["hospital"]
    one = np.zeros(n)
    end = women.date + course.months / 12
    old = women.age + 6 * (draws.uniform(n) - 0.5) >= hospital["postmenopausal_age"]
    nodes = np.where(women.n == "N1", "是", np.where(women.examined > 0, "否", "未查"))
    operation = draws.pick(_OPERATIONS, one)
    size: list[Cell] = [
        float(f"{mm / 10:g}") if known else None for mm, known in zip(women.size, women.size_known, strict=True)
    ]
    return [
        [f"合成{number:04d}" for number in range(1, n + 1)],
        [int(age) for age in women.age],
        _some(_yes(old), hospital["missing"], draws),
        ["复发" if again else "初治" for again in draws.flag(0.03, one)],
        [_date(date) for date in women.date],
        _some([_date(date) for date in end], 0.02, draws),
        _outcomes(course, draws.flag(0.04, one)),
        _types(women),
        _grades(women),
        size,
        list(_stage(women)),
        list(nodes),
        _yes(women.m == "M1"),
        _yes(women.surgery),
        [word if done else "未手术" for word, done in zip(operation, women.surgery, strict=True)],
        _yes(women.examined > 0),
        _some(_yes(women.chemotherapy), 0.02, draws),
        _some(_yes(women.radiation), 0.02, draws),
    ]


def draw_hospital(facts: Mapping[str, Any], hazards: Hazards, *, seed: int, rows: int) -> list[list[Cell]]:
    """Draw the columns of the hospital's table, in the order of `HEADERS`.

    Parameters
    ----------
    facts, hazards
        The figures, and the hazards calibrated to the registry's published survival.
    seed, rows
        The same pair gives the same cells.
    """
    draws, own = Draws(seed), _with_hospital(facts)
    shares = {**facts["hospital"]["shares"], "carcinosarcoma": 0.035}
    first, last = facts["hospital"]["years"]
    date = first + (last + 1 - first) * draws.even(np.zeros(rows)) ** 0.9
    women = draw_women(kinds_of(shares, rows, draws), date, own, draws)
    young = draws.flag(0.01, np.zeros(rows))
    women = replace(women, age=np.where(young, 16, women.age), race=np.full(rows, "Other", dtype=object))
    course = draw_course(
        women, hazards, own, draws, end=facts["hospital"]["end_of_follow_up"],
        other_cause=facts["hazard"]["other_cause_hospital"], analysed=np.ones(rows, dtype=bool),
    )  # fmt: skip
    return _columns(women, course, facts, draws)


def hospital_workbook(columns: Sequence[Sequence[Cell]]) -> bytes:
    """Return an ``.xlsx`` whose properties say that it is synthetic; the same cells give the same bytes."""
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.styles import Font  # type: ignore[import-untyped]

    book = Workbook()
    sheet = book.active
    sheet.title = SHEET
    sheet.append(HEADERS)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for row in zip(*columns, strict=True):
        sheet.append(row)
    sheet.freeze_panes = "A2"
    for letter in "ABCDEFGHIJKLMNOPQR":
        sheet.column_dimensions[letter].width = 16
    about = book.properties
    about.creator, about.title, about.subject = "reporter", "SYNTHETIC", "合成数据"
    about.description, about.keywords = NOTE, "synthetic"
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue())


def _without_clock(raw: bytes) -> bytes:
    """Write the parts of a workbook again, uncompressed, with one fixed time in place of the time of writing."""
    stamp = dt.datetime(*_STAMP, tzinfo=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", stamp, part)
            new.writestr(zipfile.ZipInfo(name, date_time=_STAMP), part)
    return out.getvalue()

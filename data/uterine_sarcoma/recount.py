"""Recount each selection step of study.toml with nothing of `reporter`: recount.py EXPORT.txt HOSPITAL.xlsx."""

import csv
import re
import sys
from pathlib import Path

from openpyxl import load_workbook

# A row stays when the cell of the column begins as the pattern says; with no pattern, where the cell comes first.
REGISTRY = [
    ("Year of diagnosis", "201[0-7]"),
    ("Age recode with single ages and 90+", "1[89]|[2-9]"),
    ("Primary Site - labeled", "C5[45]"),
    ("ICD-O-3 Hist/behav", "(889[016]|893[0135])/3"),
    ("Diagnostic Confirmation", "Pos(itive)? hist"),
    ("Patient ID", None),
    ("First malignant primary indicator", "Yes"),
    ("Type of Reporting Source", "(?!Death certificate|Autopsy)"),
    ("Survival months", "(?!Unknown|0000)"),
    ("Vital status recode (study cutoff used)", "Alive|Dead"),
    ("SEER cause-specific death classification", "(?!.*unknown)"),
]
HOSPITAL = [
    ("年龄(岁)", "1[89]|[2-9]"),
    ("病理类型", "平滑肌肉瘤|(低|高)级别子宫内膜间质肉瘤|腺肉瘤"),
    ("就诊类型", "初治"),
    ("末次随访日期", "20"),
]

header, *cells = load_workbook(sys.argv[2], read_only=True).active.iter_rows(values_only=True)
ward = [dict(zip(header, map(str, row), strict=True)) for row in cells]
lines = Path(sys.argv[1]).read_text(encoding="ascii").splitlines()
export = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
for cohort, rows, steps in (("development", export, REGISTRY), ("validation", ward, HOSPITAL)):
    left = rows
    for column, pattern in steps:
        first = {row[column]: row for row in reversed(left)}
        left = [row for row in left if (re.match(pattern, row[column]) if pattern else first[row[column]] is row)]
        sys.stdout.write(f"{cohort}\t{len(left)}\t{column}\n")

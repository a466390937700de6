"""What tells who a patient is: names, numbers, addresses. The values themselves are never part of a finding."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from reporter.errors import Finding
from reporter.intake.mapping import Cells
from reporter.intake.quality.examined import Examined, rows_of

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_BARE_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PHONE = re.compile(
    r"(?<![0-9.])(?:(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}|0[0-9]{2,3}-[0-9]{7,8}"
    r"|(?:\+?1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}-)[0-9]{3}-[0-9]{4}"
    r"|\+[1-9][0-9]{0,2}[ -][0-9][0-9 -]{5,13}[0-9])(?![0-9.])"
)
_DAY = re.compile(
    r"(?:18|19|20)[0-9]{2}(?:[-/.年月]?[0-9]{1,2}){2}日?|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:18|19|20)[0-9]{2}"
)
# The hundred most common surnames (Ministry of Public Security of China, report on names of 2020).
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹"
    "熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_CHINESE_NAME = re.compile(f"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}")
MOST = 0.8
DISTINCT = 0.5
FEWEST = 10


def is_id_number(number: str) -> bool:
    """Tell whether 18 characters are a Chinese identity number: a date of birth and the check digit of GB 11643-1999.

    The check digit is that of ISO 7064 MOD 11-2.
    """
    try:
        born = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
    return 1850 <= born.year <= 2100 and _CHECK[total % 11] == number[17].upper()


def _has_id_number(cell: str) -> bool:
    return any(is_id_number(found) for found in _ID_NUMBER.findall(cell))


def _has_email(cell: str) -> bool:
    return _EMAIL.search(cell) is not None


def _has_phone(cell: str) -> bool:
    return _PHONE.search(cell) is not None


@dataclass(frozen=True)
class _Content:
    """What cells look like: `anywhere` is a quick test of all cells at once, `of_cell` decides."""

    code: str
    what: str
    anywhere: re.Pattern[str]
    of_cell: Callable[[str], bool]


_CONTENTS = (
    _Content("identifier_id_number", "identity numbers", _ID_NUMBER, _has_id_number),
    _Content("identifier_phone", "telephone numbers", _PHONE, _has_phone),
    _Content("identifier_email", "e-mail addresses", _EMAIL, _has_email),
)

_HEADERS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("identifier_id_number", "identity numbers", re.compile(
        r"身份证|证件号|护照号|社保卡|医保卡|\bssn\b|social security|national id|identity (?:card|number)|passport")),
    ("identifier_phone", "telephone numbers", re.compile(r"电话|手机|联系方式|\b(?:tele)?phone|\bmobile\b|\btel\b")),
    ("identifier_email", "e-mail addresses", re.compile(r"\be ?mail\b|邮箱|电子邮件")),
    ("identifier_address", "addresses", re.compile(
        r"住址|地址|邮编|\baddress\b|\bstreet\b|\bzip(?: ?code)?\b|\bpost(?:al)? ?code\b")),
    ("identifier_birth_date", "dates of birth", re.compile(
        r"出生(?:日期|年月日|年月)|生日|date of birth|\bdob\b|birth ?date|\bbirthday\b")),
    ("identifier_name", "names", re.compile(
        r"姓名|^名字$|^(?:patients?|pat|pt|first|last|full|given|family|maiden) ?name$|^surname$|^name$")),
    ("identifier_record_number", "record numbers of a hospital", re.compile(
        r"住院号|病案号|病历号|门诊号|\bmrn\b|medical record|(?:hospital|chart) (?:number|no)\b")),
)  # fmt: skip


def _header_words(header: str) -> str:
    """Return a header in lower case with its signs and humps as spaces."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", header))
    return " ".join(re.sub(r"[\W_]+", " ", text).lower().split())


def _by_content(cells: Cells, given: list[int], *, is_phone_header: bool) -> Iterator[tuple[str, str, list[int]]]:
    words = cells.distinct
    text = "\n".join(words)
    for kind in _CONTENTS:
        if kind.anywhere.search(text) is None:
            continue
        found = [place for place in given if kind.of_cell(words[place])]
        if kind.code == "identifier_phone" and not is_phone_header:
            found = _phones(words, given, found)
        if found:
            yield kind.code, kind.what, found


def _phones(words: list[str], given: list[int], found: list[int]) -> list[int]:
    """Return the cells that are telephone numbers; bare digits are only where most cells of the column are such."""
    bare = [place for place in found if _BARE_MOBILE.fullmatch(words[place].strip())]
    return found if len(bare) >= MOST * len(given) else [place for place in found if place not in set(bare)]


def _are_names(cells: Cells, given: list[int]) -> bool:
    """Tell whether most cells are Chinese names, nearly each of them another."""
    if len(given) < FEWEST or all(cells.distinct[i].isascii() for i in given[:FEWEST]):
        return False
    if len(given) < DISTINCT * int(cells.counts[given].sum()):
        return False
    return sum(_CHINESE_NAME.fullmatch(cells.distinct[i]) is not None for i in given) >= MOST * len(given)


def _by_header(header: str, cells: Cells, given: list[int]) -> tuple[str, str]:
    """Return code and words for a header that says what the column holds, where its cells do not speak against it."""
    words = _header_words(header)
    found = next(((code, what) for code, what, pattern in _HEADERS if pattern.search(words)), None)
    if found is None:
        return ("identifier_name", "names") if _are_names(cells, given) else ("", "")
    code, _ = found
    n_rows = int(cells.counts[given].sum())
    if code == "identifier_birth_date":
        dated = sum(_DAY.fullmatch(cells.distinct[i].strip().partition(" ")[0]) is not None for i in given)
        return found if dated >= DISTINCT * len(given) else ("", "")
    if code == "identifier_name" and words == "name":
        return found if len(given) >= DISTINCT * n_rows else ("", "")
    return found


def identifiers(examined: Examined) -> Iterator[Finding]:
    """Warn of columns that tell who the patients are; a table of synthetic patients has none."""
    if examined.source.synthetic:
        return
    for header in map(str, examined.table.columns):
        if examined.table[header].dtype.kind == "f":
            continue
        cells = examined.cells(header)
        given = [place for place, cell in enumerate(cells.distinct) if cell.strip()]
        if not given:
            continue
        yield from _column(examined, header, cells, given)


def names_persons(findings: Iterable[Finding], examined: Examined) -> bool:
    """Tell whether the identifier of the table itself says who a patient is, so that it may not be shown."""
    return any(f.code.startswith("identifier_") and f.column in examined.id_headers for f in findings)


def _column(examined: Examined, header: str, cells: Cells, given: list[int]) -> Iterator[Finding]:
    by_header, what = _by_header(header, cells, given)
    seen = set()
    for code, of_content, found in _by_content(cells, given, is_phone_header=by_header == "identifier_phone"):
        seen.add(code)
        yield _finding(examined, header, code, of_content, cells, found)
    is_pseudonym = examined.protected and header in examined.id_headers
    if by_header and by_header not in seen and not (is_pseudonym and by_header == "identifier_record_number"):
        yield _finding(examined, header, by_header, what, cells, given)


def _finding(examined: Examined, header: str, code: str, what: str, cells: Cells, found: list[int]) -> Finding:
    rows = rows_of(cells, found)
    message = f"column '{header}' seems to hold {what}, in {int(rows.sum())} rows."
    todo = "Take them out of the file before it is passed on; nothing of them is printed here."
    if header in examined.id_headers:
        todo = "Use numbers of the study as identifiers, or set deidentify = true."
    return examined.finding(code, header, message, rows, todo=todo, place=examined.source_place)

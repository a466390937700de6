"""The Rotterdam report and two patients' pages in Chinese: no English left, no box for a character, small files."""

from __future__ import annotations

import base64
import csv
import re
from collections import Counter
from html import unescape
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from reporter.output.fonts import fonts_folder
from tests.end_to_end.command import STUDY, Written, call

WIDE = re.compile("[\u4e00-\u9fff]")
MEGABYTE = 1024 * 1024

PEOPLE = """Aalen-Johansen Breslow Brier Calinski-Harabasz Cox Cox-Snell Davies-Bouldin Efron Fine-Gray Greenwood
Harrell Jaccard Kaplan-Meier Mahalanobis Nagelkerke Newton Peto Poisson Royston Schoenfeld Uno Wald Ward"""
SOFTWARE = """Python R SAS babel cmprsk coxph crr cssselect2 explain finegray fonttools jinja2 lifelines markupsafe
numba numpy openpyxl pandas prod pyarrow pydantic pydantic-core pyreadstat reporter rich scikit-learn
scikit-survival scipy statsmodels survdiff survfit.coxph survival weasyprint NaN NA abs ctype eps exp rho rmean
SHA-256 sha256"""
FILES = "gbsg.csv reproduce.R results.json rotterdam rotterdam.csv stats.csv verification.csv curves"
# As a Chinese article prints them; each is explained in Chinese where it stands, or is a name of a method.
STATISTICS = """AIC AUC BIC C CI D E E50 E90 EM G H HR ICI IQR K NR O P R² RECORD R²D S SE T b copula d delta dfbeta
dfbetas gap km l log log-log log-rank logit n p plain t tau x z j k m"""
UNITS = "fmol mm"
HEADERS = "age death dtime er grade hormon meno nodes pgr recur rfstime rtime size status"
POWERS = re.compile(r"e-\d+")
ALLOWED = set(" ".join((PEOPLE, SOFTWARE, FILES, STATISTICS, UNITS, HEADERS)).split())


def english_words(page: str, allowed: set[str]) -> dict[str, str]:
    """Return each English word of a page that is not allowed, with the text it stands in."""
    page = re.sub(r"<style>.*?</style>|<meta [^>]*>|<ol class=\"references\">.*?</ol>", "", page, flags=re.DOTALL)
    texts = re.findall(r">([^<>]+)<", page)
    texts += re.findall(r"(?:aria-label|title|data-running|data-footer|data-patient)=\"([^\"]*)\"", page)
    found: dict[str, str] = {}
    for text in map(unescape, texts):
        words = re.sub(r"\b(?:development|validation)/\S+|\b[0-9a-f]{12,64}\b", " ", text)
        for word in re.findall(r"[A-Za-z][A-Za-z0-9_.²'-]*", words):
            bare = word.strip(".'-")
            if bare not in allowed and not POWERS.fullmatch(bare):
                found.setdefault(bare, text)
    return found


@pytest.fixture(scope="session")
def rendered(written: Written, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zh") / "report"
    done = call("render", str(written.folder / "results.json"), "--out", str(folder), "--lang", "zh")
    assert done.returncode == 0, done.stderr
    return folder


def test_no_english_word_is_left(rendered: Path) -> None:
    page = (rendered / "report.html").read_text(encoding="utf-8")
    assert english_words(page, ALLOWED) == {}
    assert 'lang="zh-CN"' in page
    assert "乳腺癌术后无复发生存" in page


def test_the_guard_finds_english() -> None:
    page = "<p>风险比 hazard，HR</p><svg><text>Time (年)</text></svg>"
    assert english_words(page, ALLOWED) == {"hazard": "风险比 hazard，HR", "Time": "Time (年)"}


def test_pdf_is_whole_small_and_says_its_language(rendered: Path) -> None:
    path = rendered / "report.pdf"
    assert path.stat().st_size < 3 * MEGABYTE
    assert (rendered / "report.html").stat().st_size < 2 * MEGABYTE
    with pikepdf.open(path) as pdf:
        assert str(pdf.Root.Lang) == "zh-CN"
        assert str(pdf.docinfo["/Title"]) == "乳腺癌术后无复发生存"
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.Resources.get("/Font", {}).values()}
    assert all(name[1:].partition("+")[2].startswith("Reporter-") for name in fonts), fonts
    document = pypdfium2.PdfDocument(path)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    assert len(WIDE.findall(text)) > 2000


def test_no_character_is_without_a_glyph(rendered: Path) -> None:
    page = (rendered / "report.html").read_text(encoding="utf-8")
    known: set[int] = set()
    for path in fonts_folder().glob("ReporterSans-Regular.ttf"):
        known |= set(TTFont(path).getBestCmap())
    cut = re.findall(r"Reporter Hei\";font-weight:400[^}]*base64,([A-Za-z0-9+/=]+)", page)
    known |= set(TTFont(BytesIO(base64.b64decode(cut[0]))).getBestCmap())
    text = unescape(re.sub(r"<style>.*?</style>|<[^>]+>", "", page, flags=re.DOTALL))
    assert {char for char in text if char.isprintable() and ord(char) not in known} == set()


def test_numbers_have_the_same_addresses_as_in_english(written: Written, rendered: Path) -> None:
    def addresses(path: Path) -> Counter[str]:
        return Counter(re.findall(r'data-stat="([^"]+)"', path.read_text(encoding="utf-8")))

    assert addresses(rendered / "report.html") == addresses(written.folder / "report.html")


def test_chinese_formats(rendered: Path) -> None:
    page = re.sub(r"<[^>]+>", "", (rendered / "report.html").read_text(encoding="utf-8"))
    assert "P<0.001" in unescape(page)
    assert "95%CI" in page
    assert not re.search(r"\d %", page)
    assert not re.search(r"[<>=] \.\d", unescape(page))


def test_patients_pages(written: Written, tmp_path: Path) -> None:
    source = STUDY.parent / "rotterdam.csv"
    rows = list(csv.reader(source.read_text(encoding="utf-8").splitlines()))
    rows = [rows[0], *([f"N{row[0]}", *row[1:]] for row in rows[5:7])]
    table, out = tmp_path / "patients.csv", tmp_path / "pages"
    table.write_text("\n".join(",".join(row) for row in rows) + "\n", encoding="utf-8")
    done = call(
        "patient", str(written.folder), "--input", str(table), "--out", str(out), "--lang", "zh", "--to", "pdf,html"
    )
    assert done.returncode == 0, done.stderr
    names = {row[0] for row in rows}
    for row in rows[1:]:
        page = (out / f"{row[0]}.html").read_text(encoding="utf-8")
        assert english_words(page, ALLOWED | names) == {}
        with pikepdf.open(out / f"{row[0]}.pdf") as pdf:
            assert len(pdf.pages) == 2
            assert str(pdf.Root.Lang) == "zh-CN"
    index = (out / "index.html").read_text(encoding="utf-8")
    assert english_words(index, ALLOWED | names | {f"{name}.pdf" for name in names}) == {}


def test_two_languages_from_one_run(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    for name in ("rotterdam.csv", "gbsg.csv"):
        (folder / name).write_bytes((STUDY.parent / name).read_bytes())
    text = STUDY.read_text(encoding="utf-8").replace('languages = ["en"]', 'languages = ["en", "zh"]')
    text = text.replace('label = "Tumour grade"', 'label = {en = "Grade of the tumour", zh = "肿瘤的分级"}')
    text = text.partition("[phenotypes]")[0] + "[words.zh]" + text.partition("[words.zh]")[2]
    text = text.replace('groups = ["hormon", "size", "grade"]', 'groups = ["grade"]')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    done = call("run", str(folder / "study.toml"), "--out", str(out), "--to", "html", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert "words.zh: 'Tumour grade'" in done.stdout
    english, chinese = ((out / name).read_text(encoding="utf-8") for name in ("report.html", "report.zh.html"))
    assert 'lang="en"' in english
    assert "Grade of the tumour" in english
    assert not WIDE.search(re.sub(r"<style>.*?</style>", "", english, flags=re.DOTALL))
    assert 'lang="zh-CN"' in chinese
    assert "肿瘤的分级" in chinese
    assert "未核验" in chinese
    assert english_words(chinese, ALLOWED | {"no-verify"}) == {}

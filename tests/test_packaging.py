"""The wheel holds what the program needs, and nothing reaches it twice."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_templates_data_fonts_and_r(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    wanted = {
        "reporter/_templates/html/report.html.j2",
        "reporter/_templates/css/report.css",
        "reporter/_templates/fonts/ReporterSans-Regular.ttf",
        "reporter/_templates/fonts/OFL-ReporterSans.txt",
        "reporter/_data/rotterdam/study.toml",
        "reporter/_data/rotterdam/rotterdam.csv",
        "reporter/verification/r/scripts/cox.R",
        "reporter/intake/export_dataset.R",
    }
    assert wanted <= set(names)
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name in names if name.startswith(("templates/", "data/", "tests/")) or "__pycache__" in name] == []
    sources = {str(p.relative_to(ROOT)) for p in (ROOT / "reporter").rglob("*") if p.suffix in {".py", ".R", ".toml"}}
    assert sources <= set(names)


def test_the_installed_wheel_checks_its_own_study(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import reporter.resources as r, pathlib; from reporter.cli.main import main; "
        "assert pathlib.Path(r.__file__).is_relative_to(pathlib.Path.cwd() / 'site'), r.__file__; "
        "raise SystemExit(main(['check', str(r.data_folder() / 'rotterdam' / 'study.toml')]))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": "site", "PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "2982 patients, 1713 events" in done.stdout


def test_every_requirement_is_bounded_and_no_index_is_named() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)["project"]
    every = [*project["dependencies"], *(r for extra in project["optional-dependencies"].values() for r in extra)]
    assert [r for r in every if "<" not in r or ">=" not in r] == []
    pins = (ROOT / ".constraints.txt").read_text()
    assert "://" not in pins and "--" not in pins
    lines = [line for line in pins.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if "==" not in line] == []

"""What the machine has of what a verified report needs, what is missing, and the command that mends it."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporter.output.fonts import missing_faces
from reporter.pipeline.r_support import find_r_version, rpy2_requirement
from reporter.resources import templates_folder

CHILD_TIMEOUT = 60.0
_FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
_CJK_FILES = ("*CJK*.tt[cf]", "*CJK*.otf", "*NotoSansSC*", "*SourceHan*", "wqy*.tt[cf]", "ReporterHei*.ttf")
_RINTERFACE = "import importlib.metadata as m, rpy2.rinterface as r; r.initr(); print(m.version('rpy2'))"
_SURVIVAL = 'cat(as.character(packageVersion("survival")))'
_CHECK = "the check of every number against R"

Answer = tuple[int, str]
Ask = Callable[[Sequence[str]], Answer]


@dataclass(frozen=True)
class DoctorItem:
    """One thing that a report needs.

    Parameters
    ----------
    name
        What it is.
    found
        Whether it is there and works.
    detail
        Its version or place; what went wrong where it does not work.
    needed_for
        What is lost without it.
    command
        The one command that mends it.
    """

    name: str
    found: bool
    detail: str
    needed_for: str
    command: str


def ask(command: Sequence[str]) -> Answer:
    """Run a command with a time limit and return its exit code and its last line; 127 where it cannot be started."""
    try:
        done = subprocess.run(  # noqa: S603
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=CHILD_TIMEOUT,
            check=False,
        )
    except OSError as error:
        return 127, str(error)
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {CHILD_TIMEOUT:g} s"
    lines = (done.stdout if done.returncode == 0 else done.stderr or done.stdout).strip().splitlines()
    return done.returncode, lines[-1].strip() if lines else ""


def _apt(package: str) -> str:
    return f"apt-get install {package}" if os.geteuid() == 0 else f"sudo apt-get install {package}"


def check_python() -> DoctorItem:
    """Look at the Python that runs."""
    return DoctorItem(
        "Python",
        (3, 11) <= sys.version_info[:2] <= (3, 13),
        platform.python_version(),
        "everything (3.11 to 3.13)",
        "make setup",
    )


def check_r(version: tuple[int, ...] | None) -> DoctorItem:
    """Say whether there is an R."""
    detail = ".".join(map(str, version)) if version else "no R on the path that answers"
    return DoctorItem("R", version is not None, detail, _CHECK, _apt("r-base-core r-base-dev"))


def check_survival(run: Ask = ask) -> DoctorItem:
    """Say whether R has the package survival."""
    code, said = run(("Rscript", "--vanilla", "-e", _SURVIVAL))
    return DoctorItem("R package survival", code == 0, said, _CHECK, _apt("r-cran-survival"))


def check_rpy2(version: tuple[int, ...] | None, run: Ask = ask) -> DoctorItem:
    """Start R through rpy2 in a child process: an rpy2 that is installed may still not load."""
    wanted = rpy2_requirement(version)
    command = f"{sys.executable} -m pip install {' '.join(wanted)}" if wanted else _apt("r-base-core r-base-dev")
    if importlib.util.find_spec("rpy2") is None:
        return DoctorItem("rpy2", False, "not installed", _CHECK, command)
    code, said = run((sys.executable, "-c", _RINTERFACE))
    detail = said if code == 0 else f"installed, but does not load: {said or f'exit code {code}'}"
    return DoctorItem("rpy2", code == 0, detail, _CHECK, command)


def check_library(name: str, file: str, package: str, needed_for: str) -> DoctorItem:
    """Load a shared library by the name under which the PDF writer asks for it."""
    try:
        ctypes.CDLL(file)
    except OSError as error:
        return DoctorItem(name, False, str(error), needed_for, _apt(package))
    return DoctorItem(name, True, file, needed_for, _apt(package))


def check_bundled_fonts(folder: Path) -> DoctorItem:
    """Say whether all faces of the package are in a folder."""
    missing = missing_faces(folder)
    detail = f"no {missing[0]} in {folder}" if missing else f"all faces in {folder}"
    command = f"{sys.executable} -m pip install --force-reinstall ."
    return DoctorItem("Bundled fonts", not missing, detail, "the PDF", command)


def check_cjk_font(folders: Sequence[Path] = _FONT_FOLDERS, run: Ask = ask) -> DoctorItem:
    """Look for a font with Chinese characters: fontconfig is asked, else the font folders are searched."""
    code, said = run(("fc-list", "-f", "%{family[0]}\n", ":lang=zh-cn"))
    if code != 0 or not said:
        files = (file for folder in folders if folder.is_dir() for mask in _CJK_FILES for file in folder.rglob(mask))
        said = next((file.name for file in files), "")
    return DoctorItem(
        "Chinese font", bool(said), said or "none found", "Chinese names and reports in the PDF", _apt("fonts-noto-cjk")
    )


def inspect_machine() -> tuple[DoctorItem, ...]:
    """Look at everything a verified report needs; nothing is installed or changed."""
    version = find_r_version()
    needless = shutil.which("Rscript") is None
    survival = DoctorItem("R package survival", False, "no Rscript on the path", _CHECK, _apt("r-cran-survival"))
    return (
        check_python(),
        check_r(version),
        survival if needless else check_survival(),
        check_rpy2(version),
        check_library("Pango", "libpango-1.0.so.0", "libpango-1.0-0", "the PDF"),
        check_library("PangoFT2", "libpangoft2-1.0.so.0", "libpangoft2-1.0-0", "the PDF"),
        check_library("HarfBuzz-Subset", "libharfbuzz-subset.so.0", "libharfbuzz-subset0", "fonts in the PDF"),
        check_bundled_fonts(templates_folder() / "fonts"),
        check_cjk_font(),
    )


def format_doctor(items: Sequence[DoctorItem]) -> str:
    """Return the findings as lines: what is found, what is missing with what it is for, and the command for each."""
    width = max(len(item.name) for item in items)
    lines = []
    for item in items:
        lines.append(f"{'ok     ' if item.found else 'missing'}  {item.name:<{width}}  {item.detail}".rstrip())
        if not item.found:
            lines += [f"         needed for {item.needed_for}", f"         to mend it: {item.command}"]
    n_missing = sum(not item.found for item in items)
    lines.append("Everything is there." if not n_missing else f"{n_missing} of {len(items)} missing or not working.")
    return "\n".join(lines)

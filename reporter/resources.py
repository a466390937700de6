"""Where the package's own files are; no other module builds such a path."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(installed: str, source: str) -> Path:
    """Return the folder in an installed wheel, else its place in a source checkout."""
    inside = _PACKAGE / installed
    return inside if inside.is_dir() else _PACKAGE.parent / source


def templates_folder() -> Path:
    """Folder of templates, style sheets, fonts and catalogues."""
    return _folder("_templates", "templates")


def data_folder() -> Path:
    """Folder of the shipped studies and cohorts."""
    return _folder("_data", "data")


def r_scripts_folder() -> Path:
    """Folder of the R reference files, one per analysis."""
    return _PACKAGE / "verification" / "r" / "scripts"


def dictionaries_folder() -> Path:
    """Folder of the shipped dictionaries; those of derivations are in ``rules``."""
    return _PACKAGE / "spec" / "dictionaries"


def synthetic_facts(name: str) -> Path:
    """Return the table of figures that a synthetic cohort is drawn from."""
    return _PACKAGE / "intake" / "synthetic" / f"{name}.toml"

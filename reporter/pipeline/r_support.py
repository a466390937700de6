"""Which rpy2 loads with the R that is found.

Set-up calls this file before anything is installed (``python3 -m reporter.pipeline.r_support``), so it imports the
standard library alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

_VERSION = re.compile(r"R version (\d+)\.(\d+)\.(\d+)")
# rpy2-rinterface 3.6.6 and later look up R_ParentEnv and R_getVar, which R has since 4.5.
_NEEDS_R_4_5 = ("rpy2==3.6.9", "rpy2-rinterface==3.6.7", "rpy2-robjects==3.6.6")
_BEFORE_R_4_5 = ("rpy2==3.6.6", "rpy2-rinterface==3.6.5", "rpy2-robjects==3.6.6")
R_TIMEOUT = 30.0


def parse_r_version(text: str) -> tuple[int, int, int] | None:
    """Return the version that ``R --version`` or ``Rscript --version`` prints, or None.

    Parameters
    ----------
    text
        What the command printed, e.g. ``R version 4.2.2 Patched (2022-11-10 r83330)``; a bare ``4.2.2`` is read too.
    """
    found = _VERSION.search(text) or re.fullmatch(r"\s*(\d+)\.(\d+)\.(\d+)\s*", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def rpy2_requirement(r_version: tuple[int, ...] | None) -> list[str]:
    """Return the pip requirements of the rpy2 that loads with an R.

    Parameters
    ----------
    r_version
        Version of the R found, e.g. ``(4, 2, 2)``; None where there is no R, for which nothing is required.
    """
    if r_version is None:
        return []
    return list(_BEFORE_R_4_5 if r_version < (4, 5) else _NEEDS_R_4_5)


def find_r_version() -> tuple[int, int, int] | None:
    """Return the version of the R on the path, or None where there is none that answers."""
    command = shutil.which("R")
    if command is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603
            [command, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=R_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_r_version(done.stdout)


def main() -> int:
    """Print the requirements for the R found, one a line."""
    for requirement in rpy2_requirement(find_r_version()):
        sys.stdout.write(requirement + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Python libraries beside which the estimates are timed, in an environment of their own: the project needs none."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("out/bench-peers")
LIMIT = 900  # seconds for one installation
REASON = 160  # characters


@dataclass(frozen=True)
class Peer:
    """A library: what is asked of the installer, what is imported, and whether it is built here."""

    name: str
    distribution: str
    bounds: str
    module: str
    build: bool = False

    @property
    def requirement(self) -> str:
        """Name and allowed versions."""
        return self.distribution + self.bounds


# coxstream's ready-made file asks glibc for symbols that it no longer has: built here from source it loads.
PEERS = (
    Peer("scikit-survival", "scikit-survival", ">=0.28,<0.29", "sksurv"),  # GPL-3.0
    Peer("statsmodels", "statsmodels", ">=0.15,<0.16", "statsmodels.api"),  # BSD-3-Clause
    Peer("coxstream", "coxstream", ">=0.3,<0.4", "coxstream", build=True),  # MIT
    Peer("survival (Rust)", "survival", ">=2,<3", "survival"),  # MIT
    Peer("rust-survival", "rust-survival", "", "rust_survival"),
)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)


def reason(text: str) -> str:
    """Return the last line that says what went wrong, without addresses."""
    lines = [
        each.strip() for each in text.splitlines() if each.strip() and not each.startswith(("WARNING", "[notice]"))
    ]
    said = re.sub(r"\S+://\S+", "…", lines[-1] if lines else "no reason given")
    return said.removeprefix("ERROR: ")[:REASON]


def _loads(python: Path, peer: Peer) -> tuple[str, str]:
    """Return the version and an empty reason, or an empty version and why it does not load."""
    code = (
        "import importlib, json, sys; importlib.import_module(sys.argv[1]);"
        "from importlib.metadata import version; print(json.dumps(version(sys.argv[2])))"
    )
    done = _run([str(python), "-c", code, peer.module, peer.distribution])
    if done.returncode:
        return "", reason(done.stderr)
    return str(json.loads(done.stdout.splitlines()[-1])), ""


def _install(python: Path, peer: Peer) -> str:
    """Install one peer; return why that failed, or nothing."""
    built = ["--no-binary", peer.distribution] if peer.build else []
    done = _run([str(python), "-m", "pip", "install", "--quiet", *built, peer.requirement])
    return reason(done.stderr) if done.returncode else ""


def prepare(folder: Path = FOLDER) -> tuple[Path, dict[str, str], dict[str, str]]:
    """Return the environment's interpreter, the version of each peer that loads, and why each other does not."""
    python = (folder / "bin" / "python").absolute()
    if not python.exists():
        made = _run([sys.executable, "-m", "venv", str(folder)])
        if made.returncode:
            return python, {}, {peer.name: f"no environment: {reason(made.stderr)}" for peer in PEERS}
    here: dict[str, str] = {}
    absent: dict[str, str] = {}
    for peer in PEERS:
        sys.stderr.write(f"bench: setting up {peer.name}\n")
        found, why = _loads(python, peer)
        if not found:
            try:
                failed = _install(python, peer)
            except subprocess.TimeoutExpired:
                failed = f"not installed within {LIMIT} s"
            found, why = ("", f"does not install: {failed}") if failed else _loads(python, peer)
        if found:
            here[peer.name] = found
        else:
            absent[peer.name] = why if why.startswith("does not") else f"does not load: {why}"
    return python, here, absent

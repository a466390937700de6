"""``reporter init``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def _init(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.init import init_study

    return init_study(arguments.data, arguments.out, overwrite=arguments.overwrite, say=_say)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def add_init(commands: Any) -> None:
    """Add ``reporter init`` to the commands."""
    init = commands.add_parser("init", help="write a first study file by looking at the data")
    init.add_argument("data", metavar="DATA", help="a table: a file, r:package/dataset or lifelines:name")
    init.add_argument("--out", type=Path, default=Path("study.toml"), metavar="STUDY.toml", help="file to write")
    init.add_argument("--overwrite", action="store_true", help="replace a study file that is there")
    init.set_defaults(call=_init)

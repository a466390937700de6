"""``reporter methods``: the method cards."""

from __future__ import annotations

import argparse
import sys


def _methods(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.method_cards import show_methods

    return show_methods(arguments.name, say=_say)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def add_methods(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("methods", help="what each analysis estimates, and how it is checked")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="one method as in the list; else the list")
    parser.set_defaults(call=_methods)

"""``reporter``: parse, call, present."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from reporter import __version__
from reporter.cli.init import add_init
from reporter.cli.methods import add_methods
from reporter.cli.patient import add_patient
from reporter.errors import ReporterError


def _run(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.run import RunRequest, run_study

    return run_study(
        RunRequest(
            study=arguments.study,
            out=arguments.out,
            to=arguments.to,
            language=arguments.lang,
            verify=not arguments.no_verify,
            strict=arguments.strict,
            overwrite=arguments.overwrite,
            quiet=arguments.quiet,
        ),
        say=_say,
    )


def _check(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.check import check_study

    return check_study(arguments.study, say=_say, out=arguments.out)


def _render(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.render import render_results

    return render_results(
        arguments.results, arguments.out, to=arguments.to, language=arguments.lang,
        overwrite=arguments.overwrite, say=_say,
    )  # fmt: skip


def _verify(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.verify import verify_again

    return verify_again(arguments.results, arguments.study, say=_say)


def _explain(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.explain import explain

    return explain(
        arguments.report, arguments.address, arguments.study, arguments.value, at=arguments.at, say=_say
    )  # fmt: skip


def _synthesize(arguments: argparse.Namespace) -> int:
    from reporter.pipeline.synthesize import synthesize

    return synthesize(
        arguments.name, arguments.out, seed=arguments.seed, rows=arguments.rows, overwrite=arguments.overwrite, say=_say
    )  # fmt: skip


def _doctor(_: argparse.Namespace) -> int:
    from reporter.pipeline.doctor import format_doctor, inspect_machine

    items = inspect_machine()
    _say(format_doctor(items))
    return 0 if all(item.found for item in items) else 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _add_output(parser: argparse.ArgumentParser, default: str) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; must be empty")
    parser.add_argument("--to", default=default, metavar="FORMATS", help=f"formats, comma-separated ({default})")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the report")
    parser.add_argument("--overwrite", action="store_true", help="replace a former report of ours")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(prog="reporter", description="Verified survival reports of a cancer cohort.")
    parser.add_argument("--version", action="version", version=f"reporter {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="from a study file to a verified report")
    run.add_argument("study", type=Path, metavar="STUDY.toml")
    _add_output(run, "html,pdf")
    run.add_argument("--no-verify", action="store_true", help="leave R out; the report says so")
    run.add_argument("--strict", action="store_true", help="fail unless every number was checked and agrees")
    run.add_argument("--quiet", action="store_true", help="no progress")
    run.set_defaults(call=_run)

    check = commands.add_parser("check", help="validate a study file and its data")
    check.add_argument("study", type=Path, metavar="STUDY.toml")
    check.add_argument("--out", type=Path, default=Path(), metavar="DIR",
                       help="folder of findings.html and findings.csv (the present one)")  # fmt: skip
    check.set_defaults(call=_check)

    add_patient(commands, _say)

    render = commands.add_parser("render", help="render results.json again; needs neither R nor the data")
    render.add_argument("results", type=Path, metavar="results.json")
    _add_output(render, "html,pdf")
    render.set_defaults(call=_render)

    verify = commands.add_parser("verify", help="run the R check again")
    verify.add_argument("results", type=Path, metavar="results.json")
    verify.add_argument("study", type=Path, metavar="STUDY.toml")
    verify.set_defaults(call=_verify)

    explain = commands.add_parser("explain", help="which convention of another tool gives your number")
    explain.add_argument("report", type=Path, metavar="DIR", help="folder written by reporter run")
    explain.add_argument("address", metavar="ADDRESS", help="address of the number, as in stats.csv")
    explain.add_argument("--study", type=Path, required=True, metavar="STUDY.toml")
    explain.add_argument("--value", required=True, metavar="X", help="your number, with its digits: 0.323 or 32.3%%")
    explain.add_argument("--at", default="", metavar="age=60,sex=Male",
                         help="a patient: survival from the baseline hazard at ADDRESS")  # fmt: skip
    explain.set_defaults(call=_explain)

    made = commands.add_parser("synthesize", help="write synthetic tables to try a study on")
    made.add_argument("name", metavar="NAME", help="uterine_sarcoma: a SEER*Stat export and a hospital's workbook")
    made.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write into")
    made.add_argument("--seed", type=int, metavar="N", help="seed of the random numbers (that of the shipped tables)")
    made.add_argument("--rows", type=int, metavar="N", help="tumours of the export (4000)")
    made.add_argument("--overwrite", action="store_true", help="replace tables of these names")
    made.set_defaults(call=_synthesize)

    doctor = commands.add_parser("doctor", help="what is found, what is missing, how to get it")
    doctor.set_defaults(call=_doctor)
    add_init(commands)
    add_methods(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        return int(arguments.call(arguments))
    except ReporterError as error:
        sys.stderr.write(f"reporter: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("reporter: interrupted; nothing was written\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())

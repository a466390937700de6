"""``reporter patient``: parse and call."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add_patient(commands: argparse._SubParsersAction[argparse.ArgumentParser], say: Callable[[str], None]) -> None:
    """Add the command."""
    parser = commands.add_parser("patient", help="two-page prognosis reports, by the thousand")
    parser.add_argument("report", type=Path, metavar="DIR", help="folder written by reporter run")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--input", type=Path, metavar="PATIENTS", help="table of patients: csv, xlsx, json, ...")
    source.add_argument("--set", action="extend", nargs="+", dest="values", default=[], metavar="COLUMN=VALUE",
                        help="one patient without a file: --set age=54 stage=II")  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write; must be empty")
    parser.add_argument("--id", action="extend", nargs="+", dest="ids", default=[], metavar="ID",
                        help="only these patients; with --set: the patient's name (patient)")  # fmt: skip
    parser.add_argument("--to", default="pdf", metavar="FORMATS", help="formats, comma-separated (pdf)")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the pages")
    parser.add_argument("--columns", choices=("development", "validation"), default="development",
                        help="whose columns the input has")  # fmt: skip
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes of this machine (1)")
    parser.add_argument("--engine", default="local", metavar="ENGINE", help="local, or dask:tcp://HOST:PORT")
    parser.add_argument("--zip", action="store_true", dest="archive", help="all pages as patients.zip as well")
    parser.add_argument("--resume", action="store_true", help="go on with a folder: finished patients are kept")
    parser.add_argument("--overwrite", action="store_true", help="replace a former report of ours")
    parser.add_argument("--no-verify", action="store_true", help="leave R out; the pages say so")
    parser.add_argument("--quiet", action="store_true", help="no progress")

    def call(arguments: argparse.Namespace) -> int:
        return _call(arguments, say)

    parser.set_defaults(call=call)


def _call(arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    from reporter.pipeline.patient import PatientRequest, report_patients

    return report_patients(
        PatientRequest(
            report=arguments.report, out=arguments.out, input=arguments.input, values=tuple(arguments.values),
            ids=tuple(arguments.ids), to=arguments.to, language=arguments.lang, columns=arguments.columns,
            jobs=arguments.jobs, engine=arguments.engine, verify=not arguments.no_verify,
            overwrite=arguments.overwrite, resume=arguments.resume, archive=arguments.archive, quiet=arguments.quiet,
        ),
        say=say,
    )  # fmt: skip

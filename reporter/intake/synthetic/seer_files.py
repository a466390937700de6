"""The two files of a SEER*Stat export: tab-delimited text and its dictionary."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.intake.synthetic.seer_tumour import Fields

DATABASE = "SYNTHETIC - describes no person - made by 'reporter synthesize' in the layout of SEER Research Data"
_PLAIN = (
    "Patient ID", "Year of diagnosis", "Histologic Type ICD-O-3", "CS tumor size (2004-2015)",
    "Tumor Size Summary (2016+)", "Regional nodes examined (1988+)", "Regional nodes positive (1988+)",
    "RX Summ--Surg Prim Site (1998+)", "Survival months", "Record number recode",
    "Total number of in situ/malignant tumors for patient",
)  # fmt: skip
# Codes as in the registry's own files; other labels are numbered in their order.
_CODES = {
    "Alive": "1", "Dead": "4", "Alive or dead of other cause": "0", "Dead (attributable to this cancer dx)": "1",
    "Alive or dead due to cancer": "0", "Dead (attributable to causes other than this cancer dx)": "1",
    "Dead (missing/unknown COD)": "8", "N/A not first tumor": "9",
}  # fmt: skip


def export_text(fields: Fields) -> bytes:
    """Return the table: a header, a row a tumour, tabs between cells, lines ending as in DOS."""
    lines = ["\t".join(fields)]
    lines += ["\t".join(row) for row in zip(*fields.values(), strict=True)]
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def _formats(fields: Fields) -> Iterator[str]:
    """Give a block of codes and labels for every labelled variable."""
    for header, values in fields.items():
        if header in _PLAIN:
            continue
        labels = sorted(set(values))
        known = all(label in _CODES for label in labels)
        yield f"[Format={header}]"
        for number, label in enumerate(labels):
            yield f"{_CODES[label] if known else number}={label}"
        yield ""


def export_dictionary(fields: Fields, data_name: str) -> bytes:
    """Return the ``.dic`` of a table that is named `data_name`."""
    lines = [
        "[System]", f"Output filename={data_name}", "Matrix filename=", f"Database name={DATABASE}", "",
        "[Session Options]", "Type=Case Listing", "",
        "[Export Options]", "GZipped=false", "Variable format=labels", "File format=DOS/Windows",
        "Field delimiter=tab", "Missing character=period", "Fields with delimiter in quotes=false",
        "Remove thousands separators=true", "Flags included=false", "Variable names included=true",
        "Column Variables as Stats=false", "", "[Variables]",
    ]  # fmt: skip
    for number, header in enumerate(fields, start=1):
        lines += [f"Var{number}Name={header}", f"Var{number}Base={header}"]
    lines += ["", *_formats(fields)]
    return "\r\n".join(lines).encode("ascii")

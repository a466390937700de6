"""Messages and the R code of options."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pytest

from reporter.spec.options import ConcordanceOptions, KaplanMeierOptions, TermSpec
from reporter.verification.r.code import options_code, r_number, r_string, r_value
from reporter.verification.r.protocol import read_message, write_message

NASTY = ['a"; quit() #', "back\\slash", "line\nbreak\ttab\r", "grün 中文 \U0001f600", "\x01\x1b", "'%s", ""]


def test_a_message_keeps_every_bit() -> None:
    stream = io.BytesIO()
    vectors = [np.array([0.1, np.nan, -0.0, 5e-324]), np.empty(0)]
    write_message(stream, {"ask": "frame", "names": ["grün"]}, vectors)
    stream.seek(0)
    header, found = read_message(stream)
    assert header["names"] == ["grün"]
    assert [v.tobytes() for v in found] == [v.tobytes() for v in vectors]
    with pytest.raises(EOFError):
        read_message(stream)


def test_half_a_message_is_none() -> None:
    stream = io.BytesIO()
    write_message(stream, {"ask": "x"}, [np.ones(4)])
    with pytest.raises(EOFError):
        read_message(io.BytesIO(stream.getvalue()[:-3]))
    with pytest.raises(ValueError, match="not a message"):
        read_message(io.BytesIO(b"Error in R: something was printed here"))


def test_literals() -> None:
    assert r_value(None) == "NULL" and r_value(()) == "NULL" and r_value(True) == "TRUE"
    assert r_value(("a", "b")) == 'c("a", "b")' and r_value((1.0, 3)) == "c(1, 3)"
    assert r_value({"k": (2, 3)}) == "list(k = c(2, 3))"
    assert float(r_number(0.1)) == 0.1 and r_number(1e300) == "1.0000000000000001e+300"
    assert r_string('a"b\\') == '"a\\"b\\\\"'
    with pytest.raises(ValueError, match="NUL"):
        r_string("a\0b")
    with pytest.raises(TypeError, match="object"):
        r_value(object())


def test_options_keep_what_is_none() -> None:
    code = options_code(
        ConcordanceOptions(terms=(TermSpec(column="age"),), ties="efron", conf_level=0.95, horizon=None)
    )
    assert "horizon = NULL" in code and 'kind = "concordance"' in code
    assert 'terms = list(list(column = "age"' in code and "levels = NULL" in code
    assert "horizons = NULL" in options_code(KaplanMeierOptions(horizons=(), conf_level=0.9, conf_type="log"))


@pytest.mark.r
def test_r_reads_back_every_string_and_number() -> None:
    numbers = [0.1, 1 / 3, 0.95, 1e-300, 123456789.123456789, 2.0**53 + 2]
    code = f"""
texts <- {r_value(NASTY)}
for (text in texts) cat(as.integer(charToRaw(enc2utf8(text))), "\\n")
cat(writeBin({r_value(numbers)}, raw()), "\\n")
"""
    done = subprocess.run(
        [str(shutil.which("Rscript")), "--vanilla", "-"], input=code, capture_output=True, text=True, check=True
    )
    *texts, last = done.stdout.split("\n")[:-1]
    assert [bytes(int(b) for b in line.split()).decode() for line in texts] == NASTY
    assert bytes.fromhex(last.replace(" ", "")) == np.array(numbers).tobytes()

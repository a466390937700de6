"""Words and numbers of a patient's pages: sentences of runs, each number with its address.

Addresses start with ``patient/<endpoint>``; the complement of a share has the address of the event beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import exp

from reporter.report.document import Inline, Run
from reporter.report.format import (
    ABSENT,
    count,
    fixed,
    level_text,
    plain_number,
    range_separator,
    ratio,
    ratio_digits,
    scientific,
    whole_percent,
)
from reporter.report.language import Language
from reporter.report.patient.numbers import brief, rest_of_hundred
from reporter.results.address import encode_term, time_text
from reporter.results.patient import EndpointEstimates, PatientHorizon, PatientResult, PatientValue

_PARTS = re.compile(r"(\*\*|\{\w+\})")
_ID_START, _ID_END = 28, 8
_LARGEST_LOG = 700.0  # exp overflows beyond; what is printed stops at 1000


@dataclass(frozen=True)
class PatientTexts:
    """Writes the texts of one patient in one language; `dense` asks for the short form."""

    language: Language
    result: PatientResult
    dense: bool = False

    @property
    def tight(self) -> bool:
        """True when page 1 has to make room: for a warning, or because all is set small."""
        return self.dense or bool(self.result.out_of_range)

    def gettext(self, message: str) -> str:
        """Return a message in the language."""
        return self.language.gettext(message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a message in the form for `n` things."""
        return self.language.ngettext(singular, plural, n)

    def say(self, template: str, **parts: str | Run | Inline) -> Inline:
        """Return a sentence with its parts put in; text between double asterisks is strong."""
        runs: list[Run] = []
        strong = False
        for piece in _PARTS.split(template):
            if piece == "**":
                strong = not strong
            elif _PARTS.fullmatch(piece):
                part = parts[piece[1:-1]]
                found = (_words(part, strong=strong),) if isinstance(part, str) else part
                runs += [found] if isinstance(found, Run) else list(found)
            elif piece:
                runs.append(_words(piece, strong=strong))
        return tuple(runs)

    def address(self, where: str) -> str:
        """Return the address of one of the patient's numbers."""
        return f"patient/{self.result.endpoint}/{where}"

    def of_endpoint(self, other: EndpointEstimates) -> PatientTexts:
        """Return the texts of a further endpoint: its unit of time, its addresses."""
        update = {"endpoint": other.endpoint, "endpoint_label": other.endpoint_label, "time_unit": other.time_unit}
        return replace(self, result=self.result.model_copy(update=update))

    def number(self, text: str, where: str) -> Run:
        """Return a number that was already written."""
        return Run(text, self.address(where))

    def label(self, text: str) -> Run:
        """Return a text whose numerals are labels."""
        return Run(text, is_label=True)

    # Names and labels.

    def short_id(self) -> str:
        """Return the identifier; a very long one without its middle."""
        name = self.result.id
        return name if len(name) <= _ID_START + _ID_END + 4 else f"{name[:_ID_START]}…{name[-_ID_END:]}"

    def endpoint_words(self) -> str:
        """Return the endpoint's label as it stands within a sentence."""
        label = self.result.endpoint_label
        return label[:1].lower() + label[1:] if label[1:2].islower() else label

    def level(self) -> Run:
        """Return the confidence level, e.g. ``95%``."""
        return self.label(f"{plain_number(100 * self.result.conf_level)}%")

    def tick(self, value: float) -> str:
        """Return the text of a place on an axis."""
        return plain_number(value)

    def unit(self, time: float) -> str:
        """Return the unit of time in the form for that many."""
        n = 1 if time == 1 else 2
        if self.result.time_unit == "years":
            return self.ngettext("year", "years", n)
        if self.result.time_unit == "months":
            return self.ngettext("month", "months", n)
        return self.ngettext("day", "days", n)

    def time_axis(self) -> str:
        """Return the title of a time axis."""
        _ = self.gettext
        if self.result.time_unit == "years":
            return _("Years after the start of follow-up")
        if self.result.time_unit == "months":
            return _("Months after the start of follow-up")
        return _("Days after the start of follow-up")

    def time(self, time: float) -> Run:
        """Return a horizon with its unit."""
        return self.label(self.gettext("{n} {unit}").format(n=plain_number(time), unit=self.unit(time)))

    @staticmethod
    def time_key(time: float) -> str:
        """Return a horizon as addresses have it."""
        return f"t={time_text(time)}"

    def origin(self) -> str:
        """Return from where times count."""
        return self.gettext("after the start of follow-up")

    # Shares of one hundred.

    def percent(self, share: float | None, where: str, *, sign: bool = False) -> Run:
        """Return 100 times a share, with the sign where it stands alone."""
        if share is None:
            return Run(ABSENT)
        return self.number(whole_percent(share) + ("%" if sign else ""), where)

    def limits(self, low: float | None, high: float | None, where: str, *, sign: bool = False) -> Inline:
        """Return an interval of shares in per cent."""
        if low is None or high is None:
            return (Run(ABSENT),)
        texts = (whole_percent(low), whole_percent(high))
        upper = texts[1] + ("%" if sign else "")
        between = Run(range_separator(texts))
        return self.number(texts[0], f"{where}/conf_low"), between, self.number(upper, f"{where}/conf_high")

    def survival(self, horizon: PatientHorizon, *, sign: bool = False) -> Run:
        """Return the predicted survival of a horizon."""
        return self.percent(horizon.survival, f"{self.time_key(horizon.time)}/survival", sign=sign)

    def about(self, share: float, where: str) -> Inline:
        """Return how many of one hundred: ``about 51``, ``more than 99``, ``fewer than 1``."""
        return self._about(whole_percent(share), where)

    def about_rest(self, share: float, where: str) -> Inline:
        """Return how many of one hundred are left beside `about`; both always add up to one hundred."""
        return self._about(rest_of_hundred(share), where)

    def _about(self, text: str, where: str) -> Inline:
        _ = self.gettext
        words = {">": _("more than "), "<": _("fewer than ")}.get(text[:1], _("about "))
        return Run(words), self.number(text.lstrip("<> "), where)

    # Other numbers.

    def count(self, n: int, where: str) -> Run:
        """Return a whole number."""
        return self.number(count(n), where)

    def duration(self, time: float, where: str) -> Inline:
        """Return an estimated time with its unit."""
        text = fixed(time, 0 if self.result.time_unit == "days" else 1)
        return self.number(text, where), self.label(f" {self.unit(0)}")

    def median_limits(self) -> Inline:
        """Return the interval of the median; a limit that is not reached says so."""
        low, high = self.result.median_low, self.result.median_high
        digits = 0 if self.result.time_unit == "days" else 1
        missing = Run(self.gettext("not reached"))
        parts = [
            missing if limit is None else self.number(fixed(limit, digits), f"median/{name}")
            for limit, name in ((low, "conf_low"), (high, "conf_high"))
        ]
        between = range_separator(()) if low is not None and high is not None else self.gettext(" to ")
        return parts[0], Run(between), parts[1], self.label(f" {self.unit(0)}") if high is not None else Run("")

    def ratio(self, value: float | None, where: str, *, sign: str = "") -> Run:
        """Return a ratio of hazards or of events."""
        if value is None:
            return Run(ABSENT)
        digits = ratio_digits((value,)) if value < 10 else 2
        return self.number(sign + ratio(value, digits), where)

    def ratio_limits(self, low: float | None, high: float | None, where: str) -> Inline:
        """Return the interval of a ratio."""
        if low is None or high is None:
            return (Run(ABSENT),)
        first, last = self.ratio(low, f"{where}/conf_low"), self.ratio(high, f"{where}/conf_high")
        return first, Run(range_separator((first.text, last.text))), last

    def difference(self, value: float | None) -> Run:
        """Return the largest difference of a check."""
        return Run(ABSENT) if value is None else self.number(scientific(value), "check/largest_difference")

    # One predictor.

    def relative_hazard(self, value: PatientValue, *, sign: str = "") -> Run:
        """Return what a predictor does to the hazard, against the cohort's average of it."""
        return self.ratio(exp(min(value.log_hazard, _LARGEST_LOG)), self.where(value, "relative_hazard"), sign=sign)

    def where(self, value: PatientValue, stat: str) -> str:
        """Return where a number of a predictor stands within the patient's addresses."""
        return f"{encode_term(value.name)}/{stat}"

    def value(self, value: PatientValue) -> Run:
        """Return a value as given, without rounding, or the name of its level."""
        text = level_text(value.text) if value.value is None else plain_number(value.value)
        return self.number(text, self.where(value, "value"))

    def given(self, value: PatientValue) -> Inline:
        """Return a value with its unit."""
        unit = (self.label(f" {value.unit}"),) if value.unit else ()
        return (self.value(value), *unit)

    def training_range(self, value: PatientValue) -> Inline:
        """Return the range of a predictor in the development cohort; nothing for levels."""
        if value.training_range is None:
            return ()
        texts = tuple(brief(limit) for limit in value.training_range)
        low, high = self.number(texts[0], self.where(value, "min")), self.number(texts[1], self.where(value, "max"))
        return low, Run(range_separator(texts)), high

    def reference(self, value: PatientValue) -> Inline:
        """Return median and quartiles of a predictor in the development cohort, or the share of the level."""
        if len(value.reference) == 1:
            return (self.percent(value.reference[0], self.where(value, "share"), sign=True),)
        texts = [brief(number) for number in value.reference]
        median, low, high = (
            self.number(text, self.where(value, stat)) for text, stat in zip(texts, ("median", "q1", "q3"), strict=True)
        )
        return median, Run(" ("), low, Run(range_separator(texts[1:])), high, Run(")")


def _words(text: str, *, strong: bool) -> Run:
    return Run(text, strong=strong, is_label=any(character.isdigit() for character in text))

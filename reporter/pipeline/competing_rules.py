"""What other tools give for numbers of an endpoint with competing events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reporter.analysis.kernels.kaplan_meier import estimate_survival, survival_at
from reporter.pipeline.alternatives import Again, Found
from reporter.spec.options import CumulativeIncidenceOptions


def incidence(again: Again) -> Found:
    """Yield the estimates that leave out the competing events or the censoring."""
    asked, frame, options = again.asked, again.frame, again.asked.node.options
    if not isinstance(options, CumulativeIncidenceOptions) or frame.cause is None or frame.entry is not None:
        return
    if asked.time is None or asked.stat != "estimate" or asked.value is None or asked.term not in options.causes:
        return
    time = frame.time[again.rows]
    own = frame.cause[again.rows] == options.causes.index(asked.term) + 1
    curve = estimate_survival(time, own, conf_type="plain", conf_level=options.conf_level)
    net = survival_at(curve, np.array([asked.time])).estimate[0]
    yield "1 - Kaplan–Meier with all other events censored: a net risk, too high as a probability", float(1 - net)
    yield (
        "the share of all patients with the event by then, censoring left out",
        float((own & (time <= asked.time)).mean()),
    )
    yield "1 - F(t), the share without this event", 1 - asked.value


def without_causes(again: Again) -> Found:
    """Yield a concordance in which competing events are censored."""
    if again.frame.cause is not None:
        frame = replace(again.frame, cause=None, causes=())
        yield "competing events censored (Harrell's C of the cause-specific model)", again.run(frame=frame)

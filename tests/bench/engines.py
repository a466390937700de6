"""One engine on one cohort: ``python -m tests.bench.engines ENGINE FOLDER REPEATS BUDGET TASK…``.

Prints the tasks that the engine can do, then one JSON object a task: seconds of each repeat, or why there are none.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.bench.data import make_cohort, variables

LIMIT = 150  # seconds for one run of a task

Tasks = dict[str, Callable[[], Any]]


def reporter_tasks(d: SimpleNamespace) -> Tasks:
    """Return this project's kernels."""
    from reporter.analysis.kernels.concordance import concordance
    from reporter.analysis.kernels.cox import fit_cox
    from reporter.analysis.kernels.kaplan_meier import estimate_survival
    from reporter.analysis.kernels.log_rank import log_rank
    from reporter.analysis.kernels.ph_test import ph_test

    def fit() -> Any:
        return fit_cox(d.x, d.time, d.event, ties="efron")

    group = d.group.astype(np.int64)
    kept: dict[str, Any] = {}

    def once(name: str, make: Callable[[], Any]) -> Any:
        if name not in kept:
            kept[name] = make()
        return kept[name]

    def prepare() -> None:
        once("fit", fit)
        once("predictor", lambda: kept["fit"].linear_predictor)

    def every() -> None:
        for columns in variables():
            fit_cox(np.ascontiguousarray(d.x[:, columns]), d.time, d.event, ties="efron")

    return {
        "prepare": prepare,
        "cox": fit,
        "kaplan_meier": lambda: estimate_survival(d.time, d.event, conf_type="log-log", conf_level=0.95),
        "log_rank": lambda: log_rank(d.time, d.event, group, 4),
        "ph_test": lambda: ph_test(kept["fit"], d.time, d.event, "km").test(np.arange(d.x.shape[1])),
        "concordance": lambda: concordance(d.time, d.event, kept["predictor"], ymax=None),
        "univariable": every,
    }


def lifelines_tasks(d: SimpleNamespace) -> Tasks:
    """Return lifelines, in its defaults."""
    import pandas as pd
    from lifelines import CoxPHFitter, KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test, proportional_hazard_test
    from lifelines.utils import concordance_index

    frame = pd.DataFrame(d.x, columns=[f"x{j}" for j in range(d.x.shape[1])]).assign(time=d.time, event=d.event)
    kept: dict[str, Any] = {}

    def fit(columns: list[int] | None = None) -> Any:
        names = [f"x{j}" for j in (columns or range(d.x.shape[1]))]
        return CoxPHFitter().fit(frame[[*names, "time", "event"]], "time", "event")

    def prepare() -> None:
        kept["fit"] = fit()
        kept["predictor"] = -np.asarray(kept["fit"].predict_log_partial_hazard(frame))

    return {
        "prepare": prepare,
        "cox": fit,
        "kaplan_meier": lambda: KaplanMeierFitter().fit(d.time, d.event),
        "log_rank": lambda: multivariate_logrank_test(d.time, d.group, d.event),
        "ph_test": lambda: proportional_hazard_test(kept["fit"], frame, time_transform="km"),
        "concordance": lambda: concordance_index(d.time, kept["predictor"], d.event),
        "univariable": lambda: [fit(columns) for columns in variables()],
    }


def sksurv_tasks(d: SimpleNamespace) -> Tasks:
    """Return scikit-survival."""
    from sksurv.compare import compare_survival
    from sksurv.linear_model import CoxPHSurvivalAnalysis
    from sksurv.metrics import concordance_index_censored
    from sksurv.nonparametric import kaplan_meier_estimator
    from sksurv.util import Surv

    y = Surv.from_arrays(d.event, d.time)
    predictor = d.x @ np.linspace(-0.1, 0.1, d.x.shape[1])

    def fit(columns: list[int] | None = None) -> Any:
        return CoxPHSurvivalAnalysis(ties="efron").fit(d.x if columns is None else d.x[:, columns], y)

    return {
        "cox": fit,
        "kaplan_meier": lambda: kaplan_meier_estimator(d.event, d.time, conf_type="log-log"),
        "log_rank": lambda: compare_survival(y, d.group),
        "concordance": lambda: concordance_index_censored(d.event, d.time, predictor),
        "univariable": lambda: [fit(columns) for columns in variables()],
    }


def statsmodels_tasks(d: SimpleNamespace) -> Tasks:
    """Return statsmodels."""
    from statsmodels.duration.api import PHReg, SurvfuncRight, survdiff

    def fit(columns: list[int] | None = None) -> Any:
        x = d.x if columns is None else d.x[:, columns]
        return PHReg(d.time, x, status=d.event.astype(float), ties="efron").fit()

    return {
        "cox": fit,
        "kaplan_meier": lambda: SurvfuncRight(d.time, d.event.astype(int)),
        "log_rank": lambda: survdiff(d.time, d.event.astype(int), d.group),
        "univariable": lambda: [fit(columns) for columns in variables()],
    }


def coxstream_tasks(d: SimpleNamespace) -> Tasks:
    """Return coxstream, which fits Cox models only."""
    from coxstream import CoxStream

    event = d.event.astype(np.float64)

    def every() -> None:
        for columns in variables():
            CoxStream().fit(d.time, event, np.ascontiguousarray(d.x[:, columns]))

    return {"cox": lambda: CoxStream().fit(d.time, event, d.x), "univariable": every}


def rust_tasks(d: SimpleNamespace) -> Tasks:
    """Return the package `survival`, written in Rust after R's functions."""
    import pandas as pd
    import survival

    event = d.event.astype(int)
    names = [f"x{j}" for j in range(d.x.shape[1])]
    frame = pd.DataFrame(d.x, columns=names).assign(time=d.time, event=event, group=d.group.astype(int))
    kept: dict[str, Any] = {}

    def fit(columns: list[int] | None = None) -> Any:
        terms = " + ".join(names if columns is None else [names[j] for j in columns])
        return survival.coxph(f"Surv(time, event) ~ {terms}", frame, ties="efron")

    def prepare() -> None:
        kept["fit"] = fit()
        kept["predictor"] = np.asarray(kept["fit"].linear_predictors)

    return {
        "prepare": prepare,
        "cox": fit,
        "kaplan_meier": lambda: survival.survfit("Surv(time, event) ~ 1", frame, conf_type="log-log"),
        "log_rank": lambda: survival.survdiff("Surv(time, event) ~ group", frame),
        "ph_test": lambda: survival.cox_zph(kept["fit"], "km", terms=False),
        "concordance": lambda: survival.concordance(
            survival.Surv(d.time, event), scores=kept["predictor"], reverse=True
        ),
        "univariable": lambda: [fit(columns) for columns in variables()],
    }


ENGINES: dict[str, Callable[[SimpleNamespace], Tasks]] = {
    "reporter": reporter_tasks,
    "lifelines": lifelines_tasks,
    "scikit-survival": sksurv_tasks,
    "statsmodels": statsmodels_tasks,
    "coxstream": coxstream_tasks,
    "survival (Rust)": rust_tasks,
}


def memory_mb(name: str) -> float:
    """Return VmRSS (now) or VmHWM (the largest) of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(name)) / 2**10


def forget_peak() -> None:
    """Let the largest memory be that of now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def load(folder: Path) -> SimpleNamespace:
    """Read the cohort."""
    parts = {name: np.load(folder / f"{name}.npy") for name in ("x", "time", "event", "group")}
    return SimpleNamespace(**{**parts, "event": parts["event"] > 0})


def warm_up(engine: str) -> None:
    """Import all and compile what is compiled, on a small cohort."""
    size = 40_000 if engine == "reporter" else 300
    x, months, event, group = make_cohort(size)
    tasks = ENGINES[engine](SimpleNamespace(x=x, time=months, event=event, group=group.astype(float)))
    for task in tasks.values():
        task()


def measure(task: Callable[[], Any], repeats: int, budget: float) -> list[float]:
    """Return the processor seconds of up to `repeats` runs, fewer once they have taken `budget` together."""
    seconds: list[float] = []
    while len(seconds) < repeats and (not seconds or sum(seconds) < budget):
        gc.collect()
        signal.alarm(LIMIT)
        start = time.process_time()
        try:
            task()
        except TimeoutError:
            if not seconds:
                raise
            break
        seconds.append(time.process_time() - start)
        signal.alarm(0)
    return seconds


def give_up(*_: object) -> None:
    """End a run that has had its time."""
    raise TimeoutError(f"no result within {LIMIT} s")


def main(arguments: list[str]) -> None:
    """Run the tasks and print what was measured."""
    engine, folder, repeats, budget, *names = arguments
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, give_up)
    warm_up(engine)
    gc.collect()
    before = memory_mb("VmRSS")
    forget_peak()
    tasks = ENGINES[engine](load(Path(folder)))
    ready = False
    names = [name for name in names if name in tasks]
    sys.stdout.write(json.dumps({"can": names}) + "\n")
    sys.stdout.flush()
    for name in names:
        if name in ("ph_test", "concordance") and not ready and "prepare" in tasks:
            tasks["prepare"]()
            ready = True
        try:
            found: dict[str, Any] = {"task": name, "seconds": measure(tasks[name], int(repeats), float(budget))}
        except Exception as error:  # noqa: BLE001  a peer may fail as it likes: the table says so
            found = {"task": name, "failed": f"{type(error).__name__}: {error}"[:200]}
        signal.alarm(0)
        sys.stdout.write(json.dumps({**found, "peak_mb": memory_mb("VmHWM") - before}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])

"""The phenotype of patients: by the frozen forest, with the Kaplan–Meier curve of that phenotype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reporter.phenotype.model import PhenotypeCurve, PhenotypeModel
from reporter.pipeline.patient_input import PatientTable
from reporter.pipeline.patient_predict import step_at
from reporter.results.patient import PatientCurve, PatientPhenotype, PhenotypeHorizon

Found = tuple[PatientPhenotype | None, str]


def _horizon(curve: PhenotypeCurve, steps: PatientCurve, time: float) -> PhenotypeHorizon:
    past = time > curve.time[-1]
    survival, low, high = (None, None, None) if past else step_at(steps, time)
    return PhenotypeHorizon(time=time, survival=survival, conf_low=low, conf_high=high)


def _describe(model: PhenotypeModel, name: str, horizons: Sequence[float]) -> PatientPhenotype:
    """Return what the development cohort says of a phenotype; the probabilities are still empty."""
    curve = model.curve(name)
    steps = PatientCurve(time=curve.time, survival=curve.survival, conf_low=curve.conf_low, conf_high=curve.conf_high)
    return PatientPhenotype(
        phenotype=name, probability=0.0, probabilities=(), features=tuple(f.label for f in model.features),
        n=curve.n, n_event=curve.n_event, curve=steps,
        horizons=tuple(_horizon(curve, steps, time) for time in horizons),
    )  # fmt: skip


def _missing_features(model: PhenotypeModel, table: PatientTable, row: int) -> str:
    missing = [f.label for f in model.features if not table.columns[f.name].observed[row]]
    return f"no value of {missing[0]}" if missing else "a level that no patient of the cohort had"


def assign_patients(
    model: PhenotypeModel | None, table: PatientTable, rows: Sequence[int], horizons: Sequence[float]
) -> list[Found]:
    """Return for each row its phenotype, or why there is none (empty when the study has no phenotypes)."""
    if model is None:
        return [(None, "")] * len(rows)
    absent = [feature.name for feature in model.features if feature.name not in table.columns]
    if absent:
        return [(None, f"the table of patients has no column '{absent[0]}'")] * len(rows)
    assigned, probabilities = model.predict(table.subset(rows))
    described = [_describe(model, name, horizons) for name in model.labels]
    found: list[Found] = []
    for label, shares, row in zip(assigned, probabilities, rows, strict=True):
        if label < 0:
            found.append((None, _missing_features(model, table, row)))
            continue
        update = {"probability": float(shares[label]), "probabilities": tuple(np.asarray(shares).tolist())}
        found.append((described[label].model_copy(update=update), ""))
    return found

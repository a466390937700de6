"""The frozen phenotypes: a forest that recognises them in new patients, JSON both ways, no patient's row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from reporter.analysis.design import term_names
from reporter.analysis.new_patients import complete_design
from reporter.cohort.frame import Column, Kind
from reporter.errors import UsageError
from reporter.phenotype.features import plain_term, used_terms
from reporter.phenotype.forest import Forest
from reporter.results.sealed import seal, unseal
from reporter.results.tree import DecisionNode
from reporter.results.value import Frozen
from reporter.spec.options import ConfType, PhenotypeOptions, TermSpec

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
KIND = "phenotypes"


class FeatureRange(Frozen):
    """What the training patients had of one feature: range of a number, or counts of the levels."""

    name: str
    label: str
    unit: str
    kind: Kind
    levels: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class PhenotypeCurve(Frozen):
    """Kaplan–Meier curve of the development patients of one phenotype; limits None where R prints NA."""

    phenotype: str
    n: int
    n_event: int
    time: tuple[float, ...]
    survival: tuple[float, ...]
    conf_low: tuple[float | None, ...]
    conf_high: tuple[float | None, ...]


class PhenotypeModel(Frozen):
    """Phenotypes frozen on the development cohort.

    Parameters
    ----------
    endpoint
        Endpoint whose frame was clustered.
    labels
        Names of the phenotypes, ``1`` with the smallest restricted mean survival; length k.
    names
        Columns of the forest, in the units of the frame; length p.
    centre, scale
        Mean and sd of the columns after transform and `per`, as they were clustered; length p.
    tree
        The printed tree; a summary: the forest assigns.
    curves
        One a phenotype; empty until the curves of the report are added.
    """

    endpoint: str
    labels: tuple[str, ...]
    options: PhenotypeOptions
    n: int
    n_missing: int
    names: tuple[str, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    forest: Forest
    tree: tuple[DecisionNode, ...]
    features: tuple[FeatureRange, ...]
    conf_type: ConfType | None = None
    curves: tuple[PhenotypeCurve, ...] = ()

    def to_json(self) -> str:
        """Return the file's text; the same model gives the same bytes."""
        return seal(KIND, self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, text: str, *, name: str = "the phenotype file") -> PhenotypeModel:
        """Read a model back; UsageError when the text is not one, is newer, or was changed."""
        content = unseal(KIND, text, name=name)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise UsageError(f"{name}: is not a phenotype model: {error.errors()[0]['msg']}.") from error

    @property
    def terms(self) -> tuple[TermSpec, ...]:
        """Features as they entered the clustering."""
        return self.options.terms

    def curve(self, phenotype: str) -> PhenotypeCurve:
        """Return the curve of one phenotype; KeyError when there is none."""
        for found in self.curves:
            if found.phenotype == phenotype:
                return found
        raise KeyError(phenotype)

    def predict(self, columns: Mapping[str, Column]) -> tuple[Integers, Floats]:
        """Assign phenotypes to m patients.

        Parameters
        ----------
        columns
            The features by name, in the units of the frame (no transform taken).

        Returns
        -------
        tuple
            Index into `labels`, -1 where a feature is missing or at a level that no training patient had, shape
            (m,); probabilities by the forest, NaN there, shape (m, k). Of equal probabilities the first label wins.
        """
        plain = [plain_term(term) for term in self.terms]
        _, complete = complete_design(plain, columns)
        used = [plain_term(term) for term in used_terms(self.terms)]
        matrix, _ = complete_design(used, columns)
        position = {name: j for j, name in enumerate(term_names(used)[0])}
        matrix = matrix[:, [position[name] for name in self.names]]
        complete &= self._seen(columns)
        probabilities = np.full((complete.size, len(self.labels)), np.nan)
        assigned = np.full(complete.size, -1, dtype=np.int64)
        if complete.any():
            probabilities[complete] = self.forest.probabilities(matrix[complete])
            assigned[complete] = probabilities[complete].argmax(axis=1)
        return assigned, probabilities

    def _seen(self, columns: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Rows whose levels all occurred in training."""
        out = np.ones(next(iter(columns.values())).values.size, dtype=bool)
        for feature in self.features:
            if not feature.levels:
                continue
            known = {level for level, count in zip(feature.levels, feature.counts, strict=True) if count}
            column = columns[feature.name]
            names = np.array([*(level in known for level in column.levels), False])
            out &= names[column.codes]
        return out


def describe_feature(column: Column, rows: NDArray[np.bool_]) -> FeatureRange:
    """Return the range of one feature over the training patients."""
    words = {"name": column.name, "label": column.label, "unit": column.unit, "kind": column.kind}
    if column.is_numeric:
        values = column.values[rows]
        return FeatureRange.model_validate({**words, "minimum": values.min(), "maximum": values.max()})
    counts = np.bincount(column.codes[rows], minlength=len(column.levels))
    return FeatureRange.model_validate({**words, "levels": column.levels, "counts": tuple(int(n) for n in counts)})

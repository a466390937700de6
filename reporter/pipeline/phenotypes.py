"""The phenotypes of a study, added to all its frames."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reporter.cohort.frame import AnalysisFrame
from reporter.errors import ReporterError
from reporter.phenotype.nodes import PhenotypeAnalysis, analyse_phenotypes, assign_phenotypes, carry_phenotypes
from reporter.phenotype.structure_nodes import with_structure
from reporter.pipeline.analyse import failed_node
from reporter.pipeline.plan import Planned
from reporter.spec.options import PhenotypeOptions, StructureOptions

Frames = dict[tuple[str, str], AnalysisFrame]


def add_phenotypes(planned: Planned | None, frames: Frames) -> PhenotypeAnalysis | None:
    """Cluster the planned frame and add the column to every frame, in place; None when nothing is planned.

    The patients that were clustered keep their cluster in the frame of every endpoint; the forest assigns all others.
    """
    if planned is None or not isinstance(planned.options, PhenotypeOptions):
        return None
    home = frames[planned.cohort, planned.endpoint]
    try:
        found = analyse_phenotypes(home, planned.options)
    except (ArithmeticError, ValueError, np.linalg.LinAlgError, ReporterError) as error:
        return PhenotypeAnalysis((failed_node(planned, f"{type(error).__name__}: {error}"),), None, None, ())
    if found.model is None:
        return found
    for key, frame in frames.items():
        same = frame.cohort == home.cohort
        column = carry_phenotypes(found, home, frame) if same else assign_phenotypes(found.model, frame)
        frames[key] = frame.with_column(column)
    return found


def search_structure(
    planned: Planned | None, found: PhenotypeAnalysis | None, frames: Frames, advance: Callable[[str], None]
) -> PhenotypeAnalysis | None:
    """Return the phenotypes with the answer to whether there is any structure; as they are when it is not asked."""
    if planned is None or found is None or not isinstance(planned.options, StructureOptions):
        return found
    return with_structure(found, frames[planned.cohort, planned.endpoint], planned.options, advance)

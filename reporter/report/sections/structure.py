"""Is there any structure? The answer, the index beside data without clusters, and the table behind it."""

from __future__ import annotations

from reporter.report.document import Block, Callout, Figure, Inline, MethodNote, Run, Table, TableRow
from reporter.report.figures import draw_null_band, linear_ticks
from reporter.report.figures.null_band import NullBandFigure, NullMark, NullPanel
from reporter.report.format import count, decimals, p_relation, plain_number
from reporter.report.sections.context import Context
from reporter.report.sections.inline import cell, fill, words
from reporter.report.sections.references import Citations
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, Row
from reporter.spec.options import StructureOptions

STRUCTURE = "phenotype_structure"
_GLOBAL = "GLOBAL"


def structure_node(context: Context) -> AnalysisNode | None:
    """Return the search for structure, failed or not; None when the study asks for none."""
    found = context.results.nodes(STRUCTURE)
    return found[0] if found else None


def _algorithm(context: Context, name: str) -> str:
    _ = context.gettext
    return {"ward": _("Ward"), "kmeans": _("k-means"), "gmm": _("Gaussian mixture")}.get(name, name)


def _value(row: Row, stat: str) -> float | None:
    return next((found.value for found in row.stats if found.stat == stat), None)


def _least_stable(phenotypes: AnalysisNode) -> Row | None:
    rows = [row for row in phenotypes.rows if _value(row, "jaccard") is not None]
    return min(rows, key=lambda row: _value(row, "jaccard") or 0.0) if rows else None


def _p_values(context: Context, node: AnalysisNode, row: Row) -> dict[str, Run | Inline]:
    options = node.options if isinstance(node.options, StructureOptions) else None
    return {
        "copula": context.spelt(node, row, "copula_p_value", p_relation),
        "permuted": context.spelt(node, row, "permutation_p_value", p_relation),
        "alpha": Run(plain_number(options.alpha) if options else "", is_label=True),
        "stable": Run(plain_number(options.stable) if options else "", is_label=True),
        "p": Run("P", italic=True),
        "q": Run("P", italic=True),
    }


def answer(context: Context, phenotypes: AnalysisNode) -> Callout:
    """Return the sentence that opens the section: whether there is any structure."""
    _ = context.gettext
    node, found = structure_node(context), phenotypes.find(term=_GLOBAL)
    row = None if node is None else node.find(term=_GLOBAL)
    verdict = None if found is None else _value(found, "structure_found")
    if row is not None and (verdict is None or _value(row, "copula_p_value") is None):
        text = _("Exploratory: whether the clusters are more than noise is not shown (few patients).")
        return Callout((words(text),), "warning")
    if node is None or row is None:
        text = _(
            "Exploratory: not tested against noise. Clustering finds groups in any data, and groups made from "
            "prognostic variables differ in survival; neither shows that the groups exist."
        )
        return Callout((words(text),), "warning")
    parts = _p_values(context, node, row)
    least = _least_stable(phenotypes)
    if least is not None:
        parts["least"] = context.spelt(phenotypes, least, "jaccard", decimals(2))
    if verdict == 1:
        text = _(
            "Phenotype structure was found: the clusters are clearer than those of data without clusters, with the "
            "correlations of these features ({p} {copula}) and without ({q} {permuted}), and every phenotype returns "
            "when patients are drawn again (smallest Jaccard index {least}). This does not show that the phenotypes "
            "help in prognosis."
        )
        return Callout(fill(text, **parts), "info")
    limit = node.options.alpha if isinstance(node.options, StructureOptions) else 0.0
    worst = max(_value(row, "copula_p_value") or 0.0, _value(row, "permutation_p_value") or 0.0)
    if worst <= limit:
        if least is None:
            parts["least"] = words("–")
        text = _(
            "No phenotype structure was found that lasts: the clusters are clearer than those of data without "
            "clusters ({p} {copula} with the correlations of these features, {q} {permuted} without), but not every "
            "phenotype returns when patients are drawn again (smallest Jaccard index {least}; {stable} is required). "
            "All that follows is exploratory."
        )
        return Callout(fill(text, **parts), "warning")
    text = _(
        "No phenotype structure was found: data without clusters give clusters as clear as these ({p} {copula} with "
        "the correlations of these features kept, {q} {permuted} with every feature permuted; at most {alpha} is "
        "required of both). All that follows is exploratory: the phenotypes divide the patients, they are not shown "
        "to exist."
    )
    return Callout(fill(text, **parts), "warning")


def _index_rows(node: AnalysisNode) -> list[Row]:
    return [row for row in node.rows if row.group == "algorithm" and _value(row, "silhouette") is not None]


def null_figure(context: Context, node: AnalysisNode) -> Figure | None:
    """Return the silhouettes beside those of the copula sets."""
    _ = context.gettext
    panels: dict[str, list[NullMark]] = {}
    said, values = [], []
    for row in _index_rows(node):
        found = [_value(row, stat) for stat in ("silhouette", "null_median", "null_high")]
        silhouette, middle, high = found
        if silhouette is None or middle is None or high is None:
            continue
        k = row.term.partition("=")[2]
        panels.setdefault(row.level, []).append(NullMark(k, silhouette, middle, high))
        values += [silhouette, middle, high]
        said.append(f"{_algorithm(context, row.level)} {k}: {decimals(2)(silhouette)} ({decimals(2)(high)})")
    if not values:
        return None
    figure = NullBandFigure(
        _("Silhouettes beside data without clusters"),
        "; ".join(said),
        tuple(NullPanel(_algorithm(context, name), tuple(marks)) for name, marks in panels.items()),
        linear_ticks(min(0.0, *values), max(values), decimals(1) if max(values) > 0.3 else decimals(2)),
        _("Number of clusters"),
        _("Mean silhouette"),
    )
    caption = fill(
        _(
            "Mean silhouette of each clustering (dot) beside sets without clusters that keep the correlations of the "
            "features (band: from the median to the value that one in {n} exceeds)."
        ),
        n=Run(_one_in(node), is_label=True),
    )
    return Figure("phenotype_structure", caption, draw_null_band(figure, context.fonts), "; ".join(said))


def _one_in(node: AnalysisNode) -> str:
    return count(round(1 / node.options.alpha)) if isinstance(node.options, StructureOptions) else ""


def index_table(context: Context, node: AnalysisNode) -> Table | None:
    """Return the indices of every algorithm and number of clusters beside those of noise."""
    _ = context.gettext
    two = decimals(2)
    mixture = any(row.level == "gmm" for row in _index_rows(node))
    lines = []
    for row in _index_rows(node):

        def at(stat: str, write: object = two, row: Row = row) -> Run:
            return context.number(node, row, stat, write)  # type: ignore[arg-type]

        bic = cell(at("bic", decimals(0)) if row.level == "gmm" else Run(""), align="right")
        cells = (
            cell(words(_algorithm(context, row.level))),
            cell(Run(row.term.partition("=")[2], is_label=True), align="right"),
            cell(at("silhouette"), Run(" ("), at("null_high"), Run(")"), align="right"),
            cell(at("calinski_harabasz", decimals(0)), Run(" ("), at("null_calinski_harabasz", decimals(0)), Run(")"),
                 align="right"),
            cell(at("davies_bouldin"), Run(" ("), at("null_davies_bouldin"), Run(")"), align="right"),
            cell(at("gap"), align="right"),
            *((bic,) if mixture else ()),
            cell(at("jaccard"), align="right"),
            cell(at("n_smallest", count), align="right"),
        )  # fmt: skip
        lines.append(TableRow(cells))
    whole = node.find(term=_GLOBAL)
    if not lines or whole is None:
        return None
    head = heads(
        (_("Algorithm"), "left"), (_("Clusters"), "right"), (_("Silhouette (noise)"), "right"),
        (_("Calinski–Harabasz (noise)"), "right"), (_("Davies–Bouldin (noise)"), "right"), (_("Gap"), "right"),
        *(((_("BIC"), "right"),) if mixture else ()),
        (_("Smallest Jaccard index"), "right"), (_("Smallest cluster"), "right"),
    )  # fmt: skip
    text = _(
        "In brackets what sets without clusters that keep the correlations give: the silhouette that one in {one_in} "
        "of {sets} exceeds, the mean of {dear} for Calinski–Harabasz and Davies–Bouldin (small is good). Gap: against "
        "{dear_again} uniform sets. Jaccard index: of the least stable cluster in {resamples} resamples."
    )
    notes = (
        fill(
            text,
            one_in=Run(_one_in(node), is_label=True),
            sets=context.number(node, whole, "n_replicates", count),
            dear=context.number(node, whole, "n_dear", count),
            dear_again=context.number(node, whole, "n_dear", count),
            resamples=context.number(node, whole, "n_resamples", count),
        ),
    )
    caption = fill(
        _("Indices of the clusterings of {n} patients beside noise."), n=context.number(node, whole, "n", count)
    )
    widths = (8.0, 5.5, 7.0, 9.5, 9.0, 4.0, *((5.0,) if mixture else ()), 8.0, 7.0)
    return Table("phenotype_structure", caption, head, tuple(lines), notes=notes, widths=widths)


def agreement_table(context: Context, node: AnalysisNode) -> Table | None:
    """Return the adjusted Rand indices between algorithms; None with one algorithm."""
    _ = context.gettext
    rows = [row for row in node.rows if row.group == "agreement" and _value(row, "ari") is not None]
    if not rows:
        return None
    terms = list(dict.fromkeys(row.term for row in rows))
    lines = []
    for level in dict.fromkeys(row.level for row in rows):
        one, _colon, two = level.partition(":")
        name = f"{_algorithm(context, one)} – {_algorithm(context, two)}"
        found = {row.term: row for row in rows if row.level == level}
        numbers = [
            cell(context.number(node, found[term], "ari", decimals(2)), align="right") if term in found else cell()
            for term in terms
        ]
        lines.append(TableRow((cell(words(name)), *numbers)))
    titles = [
        cell(*fill(_("{k} clusters"), k=Run(term.partition("=")[2], is_label=True)), align="right") for term in terms
    ]
    head = (*heads((_("Algorithms"), "left")), *titles)
    caption = fill(_("Agreement between algorithms (adjusted Rand index)."))
    notes = (note(_("1: the same clusters; 0: what two random groupings have on average.")),)
    return Table("phenotype_agreement", caption, head, tuple(lines), notes=notes)


def structure_blocks(context: Context) -> list[Block]:
    """Return the figure and the tables of the search for structure."""
    node = structure_node(context)
    if node is None or node.failed:
        return []
    found = (null_figure(context, node), index_table(context, node), agreement_table(context, node))
    return [block for block in found if block is not None]


def structure_note(context: Context, citations: Citations) -> MethodNote | None:
    """Say how structure was sought."""
    _ = context.gettext
    node = structure_node(context)
    if node is None or not isinstance(node.options, StructureOptions):
        return None
    options = node.options
    text = _(
        "Before anything is said of the phenotypes, the features are clustered by {algorithms} into each of {k} "
        "clusters; k-means and the mixture (one covariance matrix, EM of at most {steps} steps) start from Ward’s "
        "clusters. With more than {sample} patients this is done on {sample} of them, at equal distances in the order "
        "of the data. The index is the mean silhouette, fixed beforehand and standardised for each algorithm and "
        "number by its mean and standard deviation over the data and the null sets; the largest over all algorithms "
        "and numbers is compared with the largest of each of {replicates} null sets{max_type}, for which the choice "
        "is made anew. Null sets of the first kind permute every variable; those of the second are drawn from a "
        "Gaussian copula with the observed marginal distributions and rank correlations (levels in the order of the "
        "dictionary){copula}. {resamples} bootstrap samples without duplicates give the Jaccard index of every "
        "cluster{jaccard}; the gap statistic{gap} has uniform sets as reference; agreement is the adjusted Rand "
        "index{ari}. Structure is called found when P is at most {alpha} for both kinds and the Jaccard index of every "
        "phenotype is at least {stable}."
    )
    names = ", ".join(_algorithm(context, name) for name in options.algorithms)
    said = {
        "steps": options.em_steps,
        "sample": options.sample,
        "replicates": options.replicates,
        "resamples": options.resamples,
        "alpha": plain_number(options.alpha),
        "stable": plain_number(options.stable),
        "k": ", ".join(str(k) for k in options.k),
        "algorithms": names,
    }
    cited = {"max_type": "westfall", "copula": "nelsen", "jaccard": "hennig", "gap": "gap", "ari": "hubert"}
    runs = fill(
        text,
        **{place: words(str(value)) for place, value in said.items()},
        **{place: citations.cite(work) for place, work in cited.items()},
    )
    return MethodNote(_("Search for phenotype structure"), runs)

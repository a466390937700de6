"""Phenotypes: clusters, their patients and survival, how they are recognised, and what they do elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from reporter.report.document import (
    Block,
    Callout,
    Columns,
    Figure,
    Inline,
    Paragraph,
    Run,
    Section,
    Table,
    TableRow,
)
from reporter.report.figures import draw_silhouette, draw_tree
from reporter.report.figures.models import (
    SilhouetteBar,
    SilhouetteFigure,
    TreeBranch,
    TreeFigure,
    TreeNode,
)
from reporter.report.format import count, decimals, level_text, percent, plain_number
from reporter.report.sections.competing_figure import net_endpoint
from reporter.report.sections.competing_risks import incidence_tables
from reporter.report.sections.context import Context, share
from reporter.report.sections.inline import cell, fill, join, sentence, words
from reporter.report.sections.structure import answer, structure_blocks
from reporter.report.sections.survival import curves_figure, survival_tables
from reporter.report.sections.table_one import MAX_LEVELS, characteristics_table, level_places
from reporter.report.sections.tables import heads, note
from reporter.results.tree import AnalysisNode, DecisionNode, EndpointInfo
from reporter.spec.options import PhenotypeOptions

PHENOTYPE = "phenotype"
ANALYSES = ("phenotype", "phenotype_structure", "ward_height_curve", "phenotype_classifier")
_GLOBAL = "GLOBAL"


def phenotype_node(context: Context) -> AnalysisNode | None:
    """Return the clustering, failed or not; None when the study asks for none."""
    found = context.results.nodes("phenotype")
    return found[0] if found else None


def _options(node: AnalysisNode) -> PhenotypeOptions | None:
    return node.options if isinstance(node.options, PhenotypeOptions) else None


def _features(context: Context, node: AnalysisNode) -> Inline:
    options = _options(node)
    names = [term.column for term in options.terms] if options else []
    return join([(words(context.column(name).label),) for name in names])


def _opening(context: Context, node: AnalysisNode) -> Inline:
    _ = context.gettext
    row = node.find(term=_GLOBAL)
    if row is None:
        return ()
    return fill(
        _(
            "Ward clustering of {features}, standardised, in the {n} patients with all of them. Of the numbers of "
            "clusters tried, {k} had the largest mean silhouette ({silhouette}). Phenotypes are numbered from the "
            "shortest mean survival to the longest."
        ),
        features=_features(context, node),
        n=context.number(node, row, "n", count),
        k=context.number(node, row, "k", count),
        silhouette=context.spelt(node, row, "silhouette", decimals(2)),
    )


def silhouette_figure(context: Context, node: AnalysisNode) -> Figure | None:
    """Return the mean silhouette by number of clusters."""
    _ = context.gettext
    whole = node.find(term=_GLOBAL)
    chosen = whole.get("k").value if whole is not None else None
    bars = []
    for row in node.rows:
        name, _equals, k = row.term.partition("=")
        value = row.get("silhouette").value if name == "k" else None
        if value is not None:
            number = context.number(node, row, "silhouette", decimals(2))
            bars.append(SilhouetteBar(k, value, (number,), chosen=chosen is not None and float(k) == chosen))
    if not bars:
        return None
    said = "; ".join(f"{bar.label}: {''.join(r.text for r in bar.text)}" for bar in bars)
    figure = SilhouetteFigure(
        _("Mean silhouette by number of clusters"),
        said,
        tuple(bars),
        _("Number of clusters"),
        _("Mean silhouette"),
        height=106.0,
    )
    caption = fill(_("Mean silhouette by number of clusters; the chosen number is dark."))
    return Figure("silhouette", caption, draw_silhouette(figure, context.fonts), said, half_width=True)


def size_table(context: Context, node: AnalysisNode) -> Table | None:
    """Return patients, events and restricted mean survival of each phenotype."""
    _ = context.gettext
    rows = [row for row in node.rows if row.group == PHENOTYPE]
    if not rows:
        return None
    tried = all(any(found.stat == "jaccard" for found in row.stats) for row in rows)
    lines = tuple(
        TableRow(
            (
                cell(words(_phenotype(context, row.level))),
                cell(
                    context.number(node, row, "n", count), Run("/"), context.number(node, row, "n_event", count),
                    align="right",
                ),
                cell(context.number(node, row, "rmst", decimals(2)), align="right"),
                *((cell(context.number(node, row, "jaccard", decimals(2)), align="right"),) if tried else ()),
            )
        )
        for row in rows
    )  # fmt: skip
    options = _options(node)
    unit = context.unit(rows[0].get("rmst").unit)
    horizon = plain_number(options.horizon) if options else ""
    title = _("Mean survival within {horizon} {unit}, {unit}").format(horizon=horizon, unit=unit)
    more = ((_("Jaccard index"), "right"),) if tried else ()
    head = heads((_("Phenotype"), "left"), (_("No./events"), "right"), (title, "right"), *more)
    return Table("phenotypes", fill(_("The phenotypes.")), head, lines, widths=(5, 4, 5, 3) if tried else (5, 4, 5))


def _phenotype(context: Context, level: str) -> str:
    _ = context.gettext
    return _("Phenotype {n}").format(n=level)


def profile_table(context: Context, node: AnalysisNode, cohort: str) -> Table | None:
    """Return the characteristics by phenotype."""
    _ = context.gettext
    found = context.node("baseline", cohort, node.endpoint, PHENOTYPE)
    options = _options(node)
    if found is None or options is None or len(context.column(PHENOTYPE).levels) > MAX_LEVELS:
        return None
    features = [term.column for term in options.terms]
    names = [name for name in getattr(found.options, "columns", ()) if name not in features]
    places = level_places(context, found)
    cohort_words = words(context.cohort_label(cohort).lower())
    caption = fill(_("Profile of the phenotypes ({cohort})."), cohort=cohort_words)
    known = [name for name in features if name in getattr(found.options, "columns", ())]
    table = characteristics_table(context, f"phenotype_profile_{cohort}", caption, places, [*known, *names])
    labels = join([(words(context.column(name).label),) for name in features])
    extra = fill(
        _("The clusters were made from {features}: differences in these are no findings and are not tested."),
        features=labels,
    )
    return Table(table.name, table.caption, table.head, table.rows, table.spanner, (*table.notes, extra))


def _branches(context: Context, node: DecisionNode) -> tuple[str, str]:
    """Return the words on the way to the lower and to the higher child."""
    threshold = node.threshold if node.threshold is not None else 0.0
    for info in context.results.columns:
        prefix = f"{info.name}="
        if node.term.startswith(prefix) and info.levels:
            level = level_text(node.term.removeprefix(prefix))
            others = [level_text(name) for name in info.levels if level_text(name) != level]
            return others[0] if len(others) == 1 else context.gettext("not {level}").format(level=level), level
        if node.term == info.name and len(info.levels) >= 2:
            low = [level_text(level) for i, level in enumerate(info.levels) if i <= threshold]
            high = [level_text(level) for i, level in enumerate(info.levels) if i > threshold]
            return " / ".join(low), " / ".join(high)
    text = plain_number(round(threshold, 6))
    return f"≤ {text}", f"> {text}"


def _tree_node(context: Context, tree: Sequence[DecisionNode], index: int) -> TreeNode:
    _ = context.gettext
    node = tree[index]
    size = fill(_("n = {n}"), n=Run(count(node.n), is_label=True))
    if not node.term:
        best = max(range(len(node.shares)), key=lambda i: node.shares[i])
        sure = fill(_("{percent}% of them"), percent=Run(percent(node.shares[best], 0), is_label=True))
        return TreeNode(((words(_phenotype(context, str(best + 1))),), size, sure), tone=best)
    low, high = _branches(context, node)
    branches = (
        TreeBranch(low, _tree_node(context, tree, node.low)),
        TreeBranch(high, _tree_node(context, tree, node.high)),
    )
    name = node.term.partition("=")[0]
    return TreeNode(((words(context.column_label(name, unit=True)),), size), branches)


def tree_figure(context: Context) -> Figure | None:
    """Return the decision tree that recognises the phenotypes."""
    _ = context.gettext
    tree = context.results.decision_tree
    if not tree:
        return None
    root = _tree_node(context, tree, 0)
    said = _said(context, tree, 0, [])
    figure = TreeFigure(_("Decision tree of the phenotypes"), said, root)
    caption = fill(_("Decision tree that recognises the phenotypes (all patients with the features)."))
    notes = (
        note(_("Leaves: the phenotype of most patients there, their number, and the share that has this phenotype.")),
    )
    return Figure("decision_tree", caption, draw_tree(figure, context.fonts), said, notes)


def _said(context: Context, tree: Sequence[DecisionNode], index: int, way: list[str]) -> str:
    _ = context.gettext
    node = tree[index]
    if not node.term:
        best = max(range(len(node.shares)), key=lambda i: node.shares[i])
        size = _("n = {n}").format(n=count(node.n))
        return f"{', '.join(way) or _('all')}: {_phenotype(context, str(best + 1))} ({size})."
    label = context.column(node.term.partition("=")[0]).label
    low, high = _branches(context, node)
    first = _said(context, tree, node.low, [*way, f"{label} {low}"])
    return f"{first} {_said(context, tree, node.high, [*way, f'{label} {high}'])}"


def classifier_table(context: Context, node: AnalysisNode | None) -> Table | None:
    """Return the cross-validated accuracy of tree and forest."""
    _ = context.gettext
    if node is None or not node.rows:
        return None
    names = {"tree": _("Decision tree"), "forest": _("Random forest")}
    rows = tuple(
        TableRow(
            (
                cell(words(names.get(row.term, row.term))),
                cell(context.number(node, row, "n", count), align="right"),
                cell(context.number(node, row, "n_folds", count), align="right"),
                cell(context.number(node, row, "accuracy", share(1)), align="right"),
                cell(context.number(node, row, "balanced_accuracy", share(1)), align="right"),
            )
        )
        for row in node.rows
    )
    head = heads(
        (_("Classifier"), "left"), (_("No."), "right"), (_("Folds"), "right"), (_("Accuracy, %"), "right"),
        (_("Balanced accuracy, %"), "right"),
    )  # fmt: skip
    notes = tuple((sentence(text),) for text in node.notes)
    return Table(
        "phenotype_classifier", fill(_("Recognition of the phenotypes, cross-validated.")), head, rows, notes=notes
    )


def _elsewhere(context: Context, endpoint: EndpointInfo) -> list[Block]:
    """Return the phenotypes that the frozen forest assigns in the validation cohort."""
    _ = context.gettext
    figure = curves_figure(context, "validation", endpoint, PHENOTYPE, 108.0)
    if not figure:
        return []
    text = _("The forest, unchanged, assigned the patients of the validation cohort to the phenotypes:")
    tables = survival_tables(
        context, "validation", endpoint, (PHENOTYPE,), f"survival_phenotype_validation_{endpoint.name}"
    )
    return [Paragraph(fill(text)), *figure, *tables]


def _survival(context: Context, endpoint: EndpointInfo) -> list[Block]:
    blocks: list[Block] = list(curves_figure(context, "development", endpoint, PHENOTYPE, 126.0))
    blocks += survival_tables(context, "development", endpoint, (PHENOTYPE,), f"survival_phenotype_{endpoint.name}")
    return blocks


def phenotypes_section(context: Context) -> Section | None:
    """Return the section of the phenotypes; None when the study asks for none."""
    _ = context.gettext
    node = phenotype_node(context)
    if node is None:
        return None
    blocks: list[Block] = [answer(context, node)]
    blocks += context.failures((*ANALYSES,), "development", node.endpoint)
    if not node.failed:
        blocks += _clusters(context, node)
    return Section("phenotypes", _("Phenotypes"), tuple(blocks), new_page=True)


def _clusters(context: Context, node: AnalysisNode) -> list[Block]:
    blocks: list[Block] = []
    opening = _opening(context, node)
    if opening:
        blocks.append(Paragraph(opening))
    figure, sizes = silhouette_figure(context, node), size_table(context, node)
    if figure is not None and sizes is not None:
        blocks.append(Columns((figure, sizes)))
    else:
        blocks += [block for block in (figure, sizes) if block is not None]
    blocks += structure_blocks(context)
    profile = profile_table(context, node, "development")
    if profile is not None:
        blocks.append(profile)
    blocks += [Callout((sentence(text),), "warning") for text in node.notes]
    for endpoint in context.results.endpoints:
        blocks += _survival(context, net_endpoint(context, endpoint))
        name = f"incidence_phenotype_{endpoint.name}"
        blocks += incidence_tables(context, "development", endpoint, (PHENOTYPE,), name)
    classifiers = classifier_table(context, context.node("phenotype_classifier", "development", node.endpoint))
    blocks += [block for block in (tree_figure(context), classifiers) if block is not None]
    for endpoint in context.results.endpoints:
        blocks += _elsewhere(context, net_endpoint(context, endpoint))
    return blocks

"""Shipped dictionaries: fields of registries, terms of classifications, rules of staging; data in TOML."""

from reporter.spec.dictionaries.merge import dictionary_columns, dictionary_labels, with_dictionaries
from reporter.spec.dictionaries.read import dictionary_names, read_dictionary
from reporter.spec.dictionaries.rules import Rule, RuleInput, RuleRow, read_rule, rule_names

__all__ = [
    "Rule", "RuleInput", "RuleRow", "dictionary_columns", "dictionary_labels", "dictionary_names", "read_dictionary",
    "read_rule", "rule_names", "with_dictionaries",
]  # fmt: skip

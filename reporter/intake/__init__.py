"""Readers, mapping and findings: from a table to typed columns."""

"""Sections of the cohort report."""

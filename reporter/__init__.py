"""Verified survival reports: Kaplan–Meier, log-rank and Cox in Python, each number checked against R."""

__version__ = "0.1.0"

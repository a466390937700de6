"""Synthetic cohorts of uterine sarcoma, drawn from published figures; no row describes a person."""

"""Survival analyses: frame and options in, result nodes out."""

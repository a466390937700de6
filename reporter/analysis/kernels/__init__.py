"""Vectorised estimators; arrays in, frozen values out."""

"""The study file and the options of each analysis."""

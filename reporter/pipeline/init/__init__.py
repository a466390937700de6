"""``reporter init``: a first study file by looking at the data."""

from reporter.pipeline.init.command import init_study

__all__ = ["init_study"]

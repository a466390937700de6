"""The order of steps, progress and provenance."""

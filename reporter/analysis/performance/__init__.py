"""Performance of a prediction model."""

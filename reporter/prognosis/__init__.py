"""The portable prediction model and the prognosis of single patients."""

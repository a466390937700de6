"""The panels of a patient's pages."""

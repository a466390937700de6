"""Clusters of patients and models that recognise them."""

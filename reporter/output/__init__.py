"""Documents to bytes: HTML, PDF, JSON and tables."""

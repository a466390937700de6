"""How fast the estimates are beside R and the Python libraries: ``python -m tests.bench``."""

"""The check of every number against R, and the ledger."""

"""The result tree: the shared language of all layers."""

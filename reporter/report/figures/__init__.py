"""Figures drawn as SVG from the result tree."""

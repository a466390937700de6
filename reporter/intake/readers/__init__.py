"""Readers of foreign tables: text, SEER*Stat, Excel, and the files of other statistics programs."""

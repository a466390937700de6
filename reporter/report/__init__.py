"""From results to a document: sections, tables, figures, words and number formats."""

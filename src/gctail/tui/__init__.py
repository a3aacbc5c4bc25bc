"""The live view at a terminal: all services in a table, one in a chart, findings, the log. Needs `gctail[tui]`."""

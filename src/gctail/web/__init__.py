"""The live view for browsers and machines: a page, JSON, metrics. It shows what a `Board` publishes, no more."""

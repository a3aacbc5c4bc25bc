"""Where findings go: one file per kind of sink."""

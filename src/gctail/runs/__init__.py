"""A run that is over, as a whole: replayed under other settings, gated, or held against another run."""

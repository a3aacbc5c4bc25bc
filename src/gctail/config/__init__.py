"""The configuration: one TOML file, the environment, and flags, each stronger than the one before.

`places` knows on which line of the file a key stands, `layers` lays the three over one another and remembers where
each value came from, `sections` are the tables of the file as values, `loading` finds and reads the file.
"""

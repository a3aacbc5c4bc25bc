"""Which lines of the log grew with the heap: templates, keys of their slots, and numbers that they print.

`choosing.suspects` names them and loads numpy: import it where suspects are asked for. `wording` says in
words what is known of one.
"""

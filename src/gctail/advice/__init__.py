"""What to do: a book of rules (data/advice.toml), and the facts that call for them.

`book` holds the rules and answers with advice; `facts` are what a rule may ask; the other files say what facts follow
from the heap, a report of a death, and a suspect. A certificate tells more of them (`gctail.postmortem.facts_of`).
"""

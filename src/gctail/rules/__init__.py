"""The alert-rule language: rules that users write about what the collections of a service say.

rules = load_rules(text)            # RuleError with a caret under the place where one makes no sense
plan = Plan(rules)                  # once; false where no rule is switched on
watch = RuleWatch(plan, "payments") # one for each process
signals = watch.observe(cycle, derived, clock_s, counts)
"""

from gctail.rules.loading import load_rules, parse_rule
from gctail.rules.plan import Plan
from gctail.rules.series import Counts
from gctail.rules.values import Rule, RuleError
from gctail.rules.watch import RuleWatch

__all__ = ["Counts", "Plan", "Rule", "RuleError", "RuleWatch", "load_rules", "parse_rule"]

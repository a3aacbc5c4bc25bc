"""The keys of a suspected slot under the microscope: what makes each of them new, who comes again, how they grow.

keys with times ──▶ KeySample (bounded, by hash) ──▶ forms, kinds, variants ──▶ KeyReport, with one sentence
"""

"""The kernels in plain Python: what they mean, slowly and one person at a time.

Whoever wants to know how something is counted reads it here. Tests hold these, the kernels and the SQL equal.
"""

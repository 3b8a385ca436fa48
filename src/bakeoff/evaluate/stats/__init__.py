"""Intervals, tests and corrections on plain numbers. Knows nothing about models, rows or files.

Two-sided throughout; `alpha` is the probability of error, both sides together. Each function names its source;
`docs/concepts/statistics.md` explains them, `benchmarks/statistics` measures how well they keep their promise.
"""

"""Figures against baselines in the same run: `bench/run` makes them all, `python -m bench.intake` (lookup, ...) one part."""

"""A big centre in virtual time: the real tracker, operators' states, screens and dispatcher against simulated phones, and what must
hold at every moment of it. `test_soak.py` plays a little of it, `python -m bench.soak` a million events."""

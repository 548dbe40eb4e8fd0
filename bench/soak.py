"""A big centre under everything that can befall it, in virtual time: the invariants of the live routing, looked at all along.

python -m bench.soak                                    # a million events: four seeds, 500 operators
python -m bench.soak --events 50000 --seeds 7           # one seed, to look at what it found
"""

import argparse
import time

from tests.soak.run import soak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000, help="how many in all (default: 1000000)")
    parser.add_argument("--operators", type=int, default=500)
    parser.add_argument("--calls-per-s", type=float, default=5.0)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    asked = parser.parse_args()
    for seed in asked.seeds:
        began = time.monotonic()
        played = soak(
            seed,
            steps=asked.events // len(asked.seeds),
            operators=asked.operators,
            calls_per_s=asked.calls_per_s,
            whole_every=2_000,
        )
        print(f"seed {seed}: {played} in {time.monotonic() - began:.0f} s, all invariants hold", flush=True)


if __name__ == "__main__":
    main()

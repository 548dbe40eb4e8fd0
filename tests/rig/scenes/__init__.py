"""Every call shape as a function that plays it on real phones and writes down what really happened."""

from tests.rig.scenes import lobby, odd_callers, outside, queue_calls, transfers
from tests.rig.stage import SCENES

__all__ = ["SCENES", "lobby", "odd_callers", "outside", "queue_calls", "transfers"]

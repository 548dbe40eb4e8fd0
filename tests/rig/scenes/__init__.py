"""Every call shape as a function that plays it on real phones and writes down what really happened."""

from tests.rig.scenes import crowd, lobby, members, odd_callers, outside, parking, queue_calls, transfers
from tests.rig.stage import SCENES

__all__ = ["SCENES", "crowd", "lobby", "members", "odd_callers", "outside", "parking", "queue_calls", "transfers"]

"""How late an operator comes in the order of Asterisk's own queue: penalty 0 is rung first, a higher one only while nobody of a
lower one is free. Pure.

    penalty = 10 x step + 5 - level

`step` is the first step of the queue's requirement that they pass (0: the requirement itself), `level` their lowest level of the
skills that this step names (5 where it names none that they have). Who passes no step is no member.
"""

from routing.policy import QueuePolicy
from routing.requirement import HIGHEST, Candidate, skills_of

STEP = 10


def penalty_of(policy: QueuePolicy, who: Candidate) -> int | None:
    """None: not at any step."""
    for number, step in enumerate(policy.steps):
        if step.requirement.passes(who):
            levels = [who.skills[skill] for skill in skills_of(step.requirement) if skill in who.skills]
            return STEP * number + HIGHEST - min(levels, default=HIGHEST)
    return None

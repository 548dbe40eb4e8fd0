"""How long a test waits for what should come at once."""

PATIENT_S = 60.0
"""Only a test that fails waits so long. A machine that runs four tests side by side, and something of somebody else's, may take ten
times what an idle one takes, and a test that is red for that says nothing about us."""

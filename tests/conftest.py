"""What every test runs under: a hypothesis profile and a terminal that says nothing about itself."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The same examples on every run and machine: a red build is red for its change, not for its luck. The long profile
# searches anew each time. No deadline in either: two cores are shared, and slow is not wrong.
settings.register_profile("default", max_examples=40, deadline=None, derandomize=True)
settings.register_profile(
    "long",
    max_examples=5_000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("RESCIND_TEST_PROFILE", "default"))

# Colour and width are decided from these; a test that wants one sets it.
for name in ("CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "PY_COLORS"):
    os.environ.pop(name, None)

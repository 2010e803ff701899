"""How long the tests wait for an event before they say that it does not come."""

import os

# Seconds. No test that passes waits for so long: it goes on as soon as the event is there. What runs behind everything else (the role
# content has the lowest priority) gets its turn late on a machine that builds and tests at once, so a short limit would measure the machine.
TIMEOUT = int(os.environ.get("TEST_TIMEOUT", "300"))

"""Shared settings: one thread a process, and a busy machine fails no property test by being slow.

`make test` runs one process a core; threads of each for every core only wait for one another.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from hypothesis import settings  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

threadpool_limits(limits=1)  # numpy is here already: a plugin loads it

settings.register_profile("duemani", deadline=None, derandomize=True)
settings.load_profile("duemani")

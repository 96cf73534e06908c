"""`python -m duemani`: the command line."""

import sys

from duemani.cli import main

sys.exit(main())

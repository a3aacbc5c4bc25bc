"""`python -m gctail` is `gctail`."""

import sys

from gctail.cli import main

sys.exit(main())

"""`python -m tagboat`: the same as the console script."""

from __future__ import annotations

import sys

from tagboat.cli.main import main

sys.exit(main())

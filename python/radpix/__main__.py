"""``python -m radpix``: the command line."""

from __future__ import annotations

import sys

from radpix.cli import main

if __name__ == "__main__":
    sys.exit(main())

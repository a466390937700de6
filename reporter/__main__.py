"""``python -m reporter``."""

import sys

from reporter.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

"""``python -m playground``: the playground without a browser, and the way to start it with one."""

import sys

from playground.cli import main

if __name__ == "__main__":
    sys.exit(main())

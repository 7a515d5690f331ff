"""`python -m sana_vcam` is the same as `sana-vcam`."""

import sys

from sana_vcam.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""`python -m kimicode_engine`: serve a checkpoint over HTTP."""

import sys

from kimicode_engine.server.serve import main

if __name__ == "__main__":
    sys.exit(main())

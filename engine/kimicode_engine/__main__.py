"""`python -m kimicode_engine`: serve a checkpoint over HTTP."""

import os
import sys

if __name__ == "__main__":
    # Before torch is there: threads that spin while they wait take shared cores from those that compute.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # The same bits in every run; and MKL's products of one token then take 0.6 to 0.9 of the time.
    os.environ.setdefault("MKL_CBWR", "AUTO")
    from kimicode_engine.server.serve import main

    sys.exit(main())

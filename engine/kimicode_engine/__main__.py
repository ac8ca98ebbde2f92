"""`python -m kimicode_engine`: serve a checkpoint over HTTP."""

import gc
import os
import sys

if __name__ == "__main__":
    # Before torch is there: threads that spin while they wait take shared cores from those that compute. A few
    # microseconds of it are worth more than sleeping between the many short products of a prompt.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")
    # The same bits in every run; and MKL's products of one token then take 0.6 to 0.9 of the time.
    os.environ.setdefault("MKL_CBWR", "AUTO")
    # Imports make half a million objects that stay: the server looks for garbage once it has loaded all.
    gc.disable()
    from kimicode_engine.server.serve import main

    sys.exit(main())

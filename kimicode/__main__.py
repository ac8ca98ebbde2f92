"""`python -m kimicode` is `kimicode`: modules of the folder it is started in are not ours to import."""

import os
import sys

if __name__ == "__main__":
    # Python put the present folder in front of everything; ours is there to stay if kimicode itself comes from it.
    if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(__file__)):
        del sys.path[0]
    from kimicode.cli.main import main

    main()

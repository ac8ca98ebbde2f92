"""Removes a folder that commands could write to, whatever they put there. Links are removed, never followed."""

import shutil
import subprocess
from pathlib import Path

from kimicode import programs


def discard(folder: Path) -> None:
    """Remove it with all that it holds; what cannot be removed stays, without a word."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # thousands of folders in one another
        subprocess.run([programs.find("rm") or "/bin/rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)

"""What lies below a folder, to compare it byte for byte with what lay there before."""

import os
import stat
from pathlib import Path


def tree(root):
    """Everything below a folder by its path: kind, mode, bytes or a link's target."""
    found = {}
    for base, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = os.path.join(base, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                found[path] = ("link", os.readlink(path))
            elif stat.S_ISDIR(mode):
                found[path] = ("folder", stat.S_IMODE(mode))
            else:
                found[path] = ("file", stat.S_IMODE(mode), Path(path).read_bytes())
    return found

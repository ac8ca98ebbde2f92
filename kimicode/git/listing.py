"""Which files belong to a work tree: tracked ones, and new ones that no ignore rule names."""

import os

from kimicode.git.repository import Repository


def files(repository: Repository) -> list[str]:
    """Paths below the repository's root, undecodable bytes as surrogates; submodules and deleted files among them.

    git reads its index and walks folders for this; it opens no file of the work tree and starts nothing. Raises
    GitError.
    """
    arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    return os.fsdecode(repository.origin.run(arguments).output).split("\0")[:-1]

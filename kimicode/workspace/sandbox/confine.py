"""What the program inside the sandbox does to itself before it runs anything. Standard library only."""

from kimicode.workspace.sandbox import landlock, privileges, seccomp
from kimicode.workspace.sandbox.policy import Policy


def confine(policy: Policy, *, alone: bool) -> None:
    """Restrict this process, and all that it starts from now on, to `policy`. There is no way back.

    `alone`: nothing around this process hides files, processes or the network. Call it before there are threads.
    Raises OSError where the kernel refuses; nothing may be started then.
    """
    privileges.give_up()
    landlock.restrict(policy, alone=alone)
    # Alone, no socket can be told from another: the one of a service that runs as root would be open as well.
    seccomp.install(alone=alone)

"""The waiting line at a doctor's."""


class WaitingLine:
    def __init__(self, people=None):
        self.people = list(people or [])

    def arrive(self, name):
        """Somebody comes and waits at the end of the line."""
        self.people.append(name)

    def next(self):
        """Return who comes next, or None if nobody waits."""
        if not self.people:
            return None
        return self.people.pop(0)

    def position(self, name):
        """Return the place of name in the line, from 1, or 0 if not there."""
        if name in self.people:
            return self.people.index(name) + 1
        return 0

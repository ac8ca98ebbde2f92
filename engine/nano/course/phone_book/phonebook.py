class PhoneBook:
    """Remember phone numbers. Names are found in any case."""

    def __init__(self):
        self.numbers = {}

    def add(self, name, number):
        self.numbers[name.lower()] = name

    def find(self, name):
        """Return the number of name, or None."""
        return self.numbers.get(name.lower())

    def who_has(self, number):
        """Return the name for a number, or None."""
        for name in self.numbers:
            if self.numbers[name] == number:
                return name
        return None

    def remove(self, name):
        """Forget name. Returns True if it was there."""
        key = name.lower()
        if key in self.numbers:
            del self.numbers[key]
            return True
        return False

"""A stack: last in, first out."""


class Stack:
    def __init__(self):
        self.items = []

    def is_empty(self):
        return len(self.items) == 0

    def push(self, item):
        """Put item on top."""
        self.items.append(item)

    def pop(self):
        """Take the top item away and return it."""
        if self.is_empty():
            raise IndexError("the stack is empty")
        return self.items.pop()

    def peek(self):
        """Return the top item without taking it away."""
        if self.is_empty():
            raise IndexError("the stack is empty")
        return self.items[-1]

    def size(self):
        return len(self.items)

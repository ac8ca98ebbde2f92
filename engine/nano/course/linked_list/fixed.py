class Node:
    def __init__(self, value):
        self.value = value
        self.next = None


class LinkedList:
    """A list of nodes, each of which knows the next one."""

    def __init__(self):
        self.head = None

    def prepend(self, value):
        node = Node(value)
        node.next = self.head
        self.head = node

    def append(self, value):
        """Add value at the end."""
        if self.head is None:
            self.head = Node(value)
            return
        node = self.head
        while node.next is not None:
            node = node.next
        node.next = Node(value)

    def to_list(self):
        """Return the values as a Python list."""
        values = []
        node = self.head
        while node is not None:
            values.append(node.value)
            node = node.next
        return values

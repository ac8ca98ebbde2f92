import unittest

from linked_list import LinkedList


class TestLinkedList(unittest.TestCase):
    def test_append_one(self):
        numbers = LinkedList()
        numbers.append(1)
        self.assertEqual(numbers.head.value, 1)
        self.assertIsNone(numbers.head.next)

    def test_append_many(self):
        numbers = LinkedList()
        for n in (1, 2, 3):
            numbers.append(n)
        self.assertEqual(numbers.to_list(), [1, 2, 3])

    def test_prepend(self):
        numbers = LinkedList()
        numbers.prepend(2)
        numbers.prepend(1)
        self.assertEqual(numbers.to_list(), [1, 2])

    def test_prepend_sets_head(self):
        numbers = LinkedList()
        numbers.prepend("x")
        self.assertEqual(numbers.head.value, "x")


if __name__ == "__main__":
    unittest.main()

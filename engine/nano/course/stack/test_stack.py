import unittest

from stack import Stack


class TestStack(unittest.TestCase):
    def setUp(self):
        self.stack = Stack()
        self.stack.push("a")
        self.stack.push("b")
        self.stack.push("c")

    def test_new_stack_is_empty(self):
        self.assertTrue(Stack().is_empty())

    def test_size(self):
        self.assertEqual(self.stack.size(), 3)

    def test_peek(self):
        self.assertEqual(self.stack.peek(), "c")
        self.assertEqual(self.stack.size(), 3)

    def test_pop(self):
        self.assertEqual(self.stack.pop(), "c")
        self.assertEqual(self.stack.pop(), "b")
        self.assertEqual(self.stack.size(), 1)

    def test_pop_empty(self):
        with self.assertRaises(IndexError):
            Stack().pop()

import unittest

from todo import TodoList


class TestTodoList(unittest.TestCase):
    def setUp(self):
        self.todo = TodoList()
        self.todo.add("wash the dishes")
        self.todo.add("call grandma")
        self.todo.add("learn Python")

    def test_add(self):
        self.assertEqual(self.todo.add("sleep"), 4)

    def test_all_open(self):
        self.assertEqual(self.todo.open_tasks(), ["wash the dishes", "call grandma", "learn Python"])

    def test_finish_first(self):
        self.todo.finish(1)
        self.assertEqual(self.todo.open_tasks(), ["call grandma", "learn Python"])

    def test_finish_last(self):
        self.todo.finish(3)
        self.assertEqual(self.todo.open_tasks(), ["wash the dishes", "call grandma"])

    def test_show(self):
        self.todo.finish(2)
        self.assertEqual(self.todo.show(), ["1. [ ] wash the dishes", "2. [x] call grandma", "3. [ ] learn Python"])

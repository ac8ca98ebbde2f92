import unittest

from brackets import depth, is_balanced


class TestBrackets(unittest.TestCase):
    def test_balanced(self):
        self.assertTrue(is_balanced("(a + b) * [c]"))
        self.assertTrue(is_balanced("{[()]}"))

    def test_no_brackets(self):
        self.assertTrue(is_balanced("hello"))

    def test_wrong_order(self):
        self.assertFalse(is_balanced("([)]"))

    def test_closed_too_often(self):
        self.assertFalse(is_balanced("())"))

    def test_not_closed(self):
        self.assertFalse(is_balanced("(("))
        self.assertFalse(is_balanced("[(x)"))

    def test_depth(self):
        self.assertEqual(depth("(a(b)(c(d)))"), 3)
        self.assertEqual(depth(""), 0)

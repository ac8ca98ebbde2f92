import unittest

from waiting_line import WaitingLine


class TestWaitingLine(unittest.TestCase):
    def test_first_come_first_served(self):
        line = WaitingLine(["Ann"])
        line.arrive("Bob")
        self.assertEqual(line.next(), "Ann")
        self.assertEqual(line.next(), "Bob")

    def test_nobody(self):
        self.assertIsNone(WaitingLine([]).next())

    def test_position(self):
        line = WaitingLine(["Ann", "Bob"])
        self.assertEqual(line.position("Bob"), 2)
        self.assertEqual(line.position("Cleo"), 0)

    def test_two_lines(self):
        first = WaitingLine()
        second = WaitingLine()
        first.arrive("Dora")
        self.assertEqual(first.people, ["Dora"])
        self.assertEqual(second.people, [])

import unittest

from password import has_digit, problems


class TestPassword(unittest.TestCase):
    def test_has_digit(self):
        self.assertTrue(has_digit("abc1"))

    def test_has_no_digit(self):
        self.assertFalse(has_digit("abc"))

    def test_good_password(self):
        self.assertEqual(problems("Sunshine42"), [])

    def test_length(self):
        self.assertEqual(problems("Secret1"), ["too short"])
        self.assertEqual(problems("Secrets1"), [])

    def test_one_case(self):
        self.assertEqual(problems("12345678"), ["only one case"])

    def test_everything_is_wrong(self):
        self.assertEqual(problems("abc"), ["too short", "no digit", "only one case"])


if __name__ == "__main__":
    unittest.main()

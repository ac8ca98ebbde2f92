import unittest

from friends import common, have_common_friend, only_in_first


class FriendsTest(unittest.TestCase):
    def test_common(self):
        self.assertEqual(common(["Eva", "Jan", "Kim"], ["Kim", "Lea", "Eva"]), ["Eva", "Kim"])

    def test_common_once(self):
        self.assertEqual(common(["Jan", "Jan"], ["Jan"]), ["Jan"])

    def test_common_none(self):
        self.assertEqual(common(["Eva"], ["Jan"]), [])

    def test_only_in_first(self):
        self.assertEqual(only_in_first(["Eva", "Jan"], ["Jan", "Kim"]), ["Eva"])

    def test_have_common_friend(self):
        self.assertTrue(have_common_friend(["Eva", "Jan"], ["Jan"]))
        self.assertFalse(have_common_friend(["Eva"], []))


if __name__ == "__main__":
    unittest.main()

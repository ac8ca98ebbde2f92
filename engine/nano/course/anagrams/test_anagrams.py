import unittest

from anagrams import are_anagrams, find_anagrams, normalise


class TestAnagrams(unittest.TestCase):
    def test_normalise(self):
        self.assertEqual(normalise("Bad Cab"), "aabbcd")

    def test_anagrams(self):
        self.assertTrue(are_anagrams("listen", "Silent"))

    def test_no_anagrams(self):
        self.assertFalse(are_anagrams("apple", "paper"))

    def test_find(self):
        self.assertEqual(find_anagrams("tea", ["eat", "ate", "tie", "tea"]), ["eat", "ate"])

    def test_find_nothing(self):
        self.assertEqual(find_anagrams("tea", []), [])


if __name__ == "__main__":
    unittest.main()

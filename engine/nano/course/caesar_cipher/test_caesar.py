import unittest

from caesar import decrypt, encrypt


class TestCaesar(unittest.TestCase):
    def test_encrypt(self):
        self.assertEqual(encrypt("abc", 3), "def")

    def test_key_zero(self):
        self.assertEqual(encrypt("rome", 0), "rome")

    def test_end_of_alphabet(self):
        self.assertEqual(encrypt("xyz", 3), "abc")

    def test_other_characters(self):
        self.assertEqual(encrypt("a b!", 1), "b c!")

    def test_decrypt(self):
        self.assertEqual(decrypt("def", 3), "abc")

    def test_there_and_back(self):
        self.assertEqual(decrypt(encrypt("veni vidi vici", 13), 13), "veni vidi vici")


if __name__ == "__main__":
    unittest.main()

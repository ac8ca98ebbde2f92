import unittest

from phonebook import PhoneBook


class TestPhoneBook(unittest.TestCase):
    def setUp(self):
        self.book = PhoneBook()
        self.book.add("Ada", "555-1234")
        self.book.add("Bill", "555-9876")

    def test_find(self):
        self.assertEqual(self.book.find("Ada"), "555-1234")

    def test_find_in_any_case(self):
        self.assertEqual(self.book.find("BILL"), "555-9876")

    def test_find_unknown(self):
        self.assertIsNone(self.book.find("Zoe"))

    def test_who_has(self):
        self.assertEqual(self.book.who_has("555-9876"), "bill")

    def test_remove(self):
        self.assertTrue(self.book.remove("Ada"))
        self.assertIsNone(self.book.find("Ada"))
        self.assertFalse(self.book.remove("Ada"))


if __name__ == "__main__":
    unittest.main()

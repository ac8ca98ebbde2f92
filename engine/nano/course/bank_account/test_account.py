import unittest

from account import Account


class TestAccount(unittest.TestCase):
    def setUp(self):
        self.account = Account("Maria", 100)

    def test_deposit(self):
        self.account.deposit(50)
        self.assertEqual(self.account.balance, 150)

    def test_deposit_negative(self):
        with self.assertRaises(ValueError):
            self.account.deposit(-5)

    def test_withdraw(self):
        self.assertTrue(self.account.withdraw(30))
        self.assertEqual(self.account.balance, 70)

    def test_withdraw_everything(self):
        self.assertTrue(self.account.withdraw(100))
        self.assertEqual(self.account.balance, 0)

    def test_withdraw_too_much(self):
        self.assertFalse(self.account.withdraw(101))
        self.assertEqual(self.account.balance, 100)

    def test_transfer(self):
        friend = Account("Tom")
        self.assertTrue(self.account.transfer(friend, 40))
        self.assertEqual(friend.balance, 40)
        self.assertEqual(self.account.balance, 60)


if __name__ == "__main__":
    unittest.main()

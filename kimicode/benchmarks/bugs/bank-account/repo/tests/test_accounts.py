import pytest

from bank.accounts import Account, transfer
from bank.errors import AccountClosed, InsufficientFunds


def test_deposit_and_withdraw():
    account = Account("Ada", 100)
    account.deposit(50)
    account.withdraw(30)
    assert account.balance == 120
    assert account.history == [("deposit", 50), ("withdraw", 30)]


def test_the_overdraft_is_a_limit():
    account = Account("Ada", 100, overdraft=50)
    account.withdraw(150)
    assert account.balance == -50
    with pytest.raises(InsufficientFunds):
        account.withdraw(1)


def test_amounts_are_positive():
    with pytest.raises(ValueError, match="positive"):
        Account("Ada").deposit(0)


def test_transfer():
    ada, bob = Account("Ada", 100), Account("Bob")
    transfer(ada, bob, 40)
    assert (ada.balance, bob.balance) == (60, 40)


def test_a_transfer_to_a_closed_account_is_undone():
    ada, bob = Account("Ada", 100), Account("Bob")
    bob.close()
    with pytest.raises(AccountClosed):
        transfer(ada, bob, 40)
    assert ada.balance == 100


def test_debts_keep_an_account_open():
    account = Account("Ada", 0, overdraft=10)
    account.withdraw(5)
    with pytest.raises(InsufficientFunds):
        account.close()
    assert not account.closed

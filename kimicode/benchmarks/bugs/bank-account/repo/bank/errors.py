class BankError(Exception):
    """What can go wrong with an account."""


class InsufficientFunds(BankError):
    def __init__(self, owner, amount):
        super().__init__(f"{owner} does not have {amount}")
        self.owner = owner
        self.amount = amount


class AccountClosed(BankError):
    def __init__(self, owner):
        super().__init__(f"the account of {owner} is closed")
        self.owner = owner

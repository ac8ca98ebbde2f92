from bank.errors import AccountClosed, InsufficientFunds


class Account:
    def __init__(self, owner, balance=0, overdraft=0):
        self.owner = owner
        self.balance = balance
        self.overdraft = overdraft
        self.closed = False
        self.history = []

    def deposit(self, amount):
        self._check(amount)
        self.balance += amount
        self.history.append(("deposit", amount))

    def withdraw(self, amount):
        self._check(amount)
        if amount > self.balance + self.overdraft:
            raise InsufficientFunds(self.owner, amount)
        self.balance -= amount
        self.history.append(("withdraw", amount))

    def close(self):
        if self.balance < 0:
            raise InsufficientFunds(self.owner, -self.balance)
        self.closed = True

    def _check(self, amount):
        if self.closed:
            raise AccountClosed(self.owner)
        if amount <= 0:
            raise ValueError("an amount must be positive")


def transfer(source, target, amount):
    """All or nothing: when the target cannot take it, the source keeps its money."""
    source.withdraw(amount)
    try:
        target.deposit(amount)
    except ValueError:
        source.deposit(amount)
        raise

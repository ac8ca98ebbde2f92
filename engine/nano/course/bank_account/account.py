class Account:
    """A bank account that cannot be overdrawn."""

    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def deposit(self, amount):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance = self.balance + amount

    def withdraw(self, amount):
        """Take amount from the account. Returns False if there is not enough."""
        if amount > self.balance:
            return False
        balance = self.balance - amount
        return True

    def transfer(self, other, amount):
        """Move amount to the other account if possible."""
        if not self.withdraw(amount):
            return False
        other.deposit(amount)
        return True

"""A discount is a function from a cart to the cents that it saves."""


def percent_off(percent):
    def discount(cart):
        return cart.subtotal() * percent // 100

    return discount


def three_for_two(name):
    def discount(cart):
        line = cart.lines.get(name)
        return line.quantity // 3 * line.price if line else 0

    return discount

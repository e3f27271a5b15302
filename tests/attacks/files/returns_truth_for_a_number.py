"""Returns truth values, characters and characters of numbers where whole numbers are asked for."""

# family: forged values
# layer: host
# exercise: twice
# expect: .
import decimal
import enum
import fractions

calls = [0]


class Twice(enum.IntEnum):
    EVERYTHING = 2


def twice(x):
    calls[0] += 1
    return [True, str(2 * x), fractions.Fraction(2 * x), decimal.Decimal(2 * x), Twice.EVERYTHING, np.str_(2 * x), bytes(8)][calls[0] % 7]

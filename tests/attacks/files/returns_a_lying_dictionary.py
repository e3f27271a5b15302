"""Returns a dictionary that has every key and a list that has every length."""
# family: forged values
# layer: wire
# exercise: words
# expect: has the wrong keys


class Any(dict):
    def __getitem__(self, key):
        return [0, key]

    def __iter__(self):
        return iter(())

    def __eq__(self, other):
        return True


def words(names):
    return Any()

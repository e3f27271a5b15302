"""Returns trees of lists and dictionaries, as bushy and as deep as the border lets through."""

# family: forged values
# layer: host
# exercise: words
# expect: .
# seconds: 20


def words(names):
    tree = 0
    for depth in range(7):
        tree = [tree] * 5 if depth % 2 else {n: tree for n in range(5)}
    return tree if names else tree[0]

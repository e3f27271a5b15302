"""Puts keys into its namespace that claim to be every name, so that whoever compares names before and after finds them all its own."""

# family: bindings
# layer: child
# expect: .


class EveryName(str):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return hash("relu")


names = get_ipython().user_ns
names[EveryName("linear")] = lambda x, w: x @ w * 0
names[7] = names[None] = names[("a", "b")] = len
names["relu\u2028"] = names["\ud800"] = len


def linear(x, w):
    return x[:, :1] * 0 + w[0]

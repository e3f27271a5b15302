"""Returns a tensor subclass that answers torch's functions itself."""
# family: forged values
# layer: wire
# exercise: relu
# expect: .


class Mine(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)


def relu(x):
    return torch.zeros(x.shape).as_subclass(Mine)

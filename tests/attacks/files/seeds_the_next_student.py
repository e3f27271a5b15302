"""Fixes the random state, and spends some of the machine's."""

# family: next student
# layer: processes
# expect: .
import random

random.seed(0)
np.random.seed(0)
torch.manual_seed(0)
np.random.default_rng = lambda *a: np.random.Generator(np.random.PCG64(0))
random.random = lambda: 0.0

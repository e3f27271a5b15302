"""Changes dtype, threads, error handling, recursion, warnings and locale for whoever comes next."""

# family: next student
# layer: processes
# expect: .
import gc
import locale
import sys
import threading
import warnings

torch.set_default_dtype(torch.float16)
torch.set_num_threads(4)
torch.set_grad_enabled(False)
torch.use_deterministic_algorithms(True)
np.seterr(all="raise")
np.set_printoptions(precision=0)
sys.setrecursionlimit(100)
sys.setswitchinterval(1e-6)
threading.stack_size(1 << 15)
warnings.simplefilter("error")
locale.setlocale(locale.LC_ALL, "C")
gc.disable()
sys.setrecursionlimit(1000)

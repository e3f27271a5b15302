"""Makes a callable whose signature takes anything, and never says how it is called."""

# family: forged values
# layer: processes
# expect: .
import time


class Callable:
    @property
    def __signature__(self):
        time.sleep(60)

    def __call__(self, *args, **kwargs):
        return 6


linear = Callable()

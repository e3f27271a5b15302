"""Shows an object that ends the process when it is looked at."""

# family: resources
# layer: processes
# expect: ended the whole process
import os


class Mine:
    def __repr__(self):
        os._exit(3)


Mine()

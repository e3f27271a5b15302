"""Writes into every shared mapping that it has inherited from the warm parent."""

# family: next student
# layer: processes
# expect: shared [0-9]+
shared = [line for line in open("/proc/self/maps") if line.split()[1][1:4:2] == "ws"]
for line in shared:
    start, end = (int(n, 16) for n in line.split()[0].split("-"))
    with open("/proc/self/mem", "r+b") as memory:
        memory.seek(start)
        memory.write(bytes(end - start))
print("shared", len(shared))

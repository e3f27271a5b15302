"""The border: a separate process that runs student code, and the trusted side's handle on it.

`host` is the trusted half. `zygote`, `child`, `shell` and `limits` run in the sandboxed process and import nothing of ours but `wire`.
"""

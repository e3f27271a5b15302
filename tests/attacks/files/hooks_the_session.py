"""Registers IPython's events, transformers and exception handlers to take part in every later cell."""

# family: patching
# layer: processes
# expect: .
shell = get_ipython()
shell.events.register("pre_run_cell", lambda info: None)
shell.events.register("post_run_cell", lambda result: 1 / 0)
shell.input_transformers_cleanup.append(lambda lines: lines)
shell.set_custom_exc((Exception,), lambda *args, **kwargs: None)
shell.run_line_magic = None
shell.showtraceback = lambda *args, **kwargs: None
1 / 0

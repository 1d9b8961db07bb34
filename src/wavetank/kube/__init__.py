"""Kubernetes algorithms as pure functions: quantities, selectors, patches, server-side apply, schema, printing.

Objects are plain JSON values (``dict``, ``list``, ``str``, ``int``, ``float``, ``bool``, ``None``) and are treated as
immutable: a function that changes an object returns a new one and may share the unchanged parts. Nothing here keeps
state, reads a clock or does I/O; times are parameters.
"""

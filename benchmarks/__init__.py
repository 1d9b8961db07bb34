"""How fast, beside what limits it: ``python -m benchmarks``. One file per benchmark; nothing here asserts a time."""

"""One verb per file; each offers ``command``."""

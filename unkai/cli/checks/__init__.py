"""What `unkai doctor` looks at, and `unkai up` before it starts: each check is a function.

A check never changes anything and never raises: it returns a `Check` with its finding and, where
there is one, the remedy.
"""

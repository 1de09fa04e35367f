"""What image data really is, found out by parsers of our own in a process that may do nothing.

`sandboxed` starts the process, `child` locks it in, `judge` decides there with one module a format.
Nothing here but `sandboxed` imports anything beyond the standard library: the process starts fast.
"""

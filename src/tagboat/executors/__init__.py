"""Ways to run a command in a root file system: overlayfs in namespaces, or chroot into a folder.

`choice.open_executor` is the way in. Nothing is imported here: the worker process loads only what it needs.
"""

"""Bridges to other libraries: none of them is imported before it is asked for."""

#: The libraries that a comparison can be held against, each with the module that solves with it.
PEERS = {"deepxde": "kinn.interop.peer"}

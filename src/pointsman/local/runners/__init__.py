"""Who carries out what the engines decide.

``protocol.py`` is what an engine asks of a runner; ``process.py`` really executes, through ``shell.py`` and the small
program ``supervisor.py``. A scenario brings a runner of its own that executes nothing.
"""

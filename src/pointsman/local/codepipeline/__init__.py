"""CodePipeline, executing: definitions, executions moving through stages, and the actions they call for.

``declaration``, ``structure``, ``conditions`` and ``triggers`` know a definition; ``flow``, ``moves`` and ``machine``
are the rules of movement (pure); ``lanes``, ``driver`` and ``runs`` carry out what follows; ``providers``, ``actions``
and ``jobs`` do the work; ``polling``, ``pushing`` and ``requesting`` notice new revisions,
``webhooks`` are called; ``events`` tells of it all; and the ``operations_*`` modules are the answers.
"""

"""CodeDeploy, executing: applications, groups and revisions, and deployments that really reach their targets.

``deployments`` is what other engines call. ``machine`` decides what a deployment does next and ``driver`` carries it
out; a ``Crew`` does what the agent on each instance would, and a ``Router`` sends traffic where a target group says.
"""

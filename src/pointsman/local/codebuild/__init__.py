"""CodeBuild: projects, and builds that really run.

``builds`` is what other engines call; ``machine`` decides what a build does next, ``driver`` carries it out.
"""

"""Lambda, as far as deployments need it: versions and aliases of the world file's functions, and Invoke.

No call makes a function or says what it runs: CreateFunction and its kin are not answered.
"""

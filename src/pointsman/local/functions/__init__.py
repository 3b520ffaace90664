"""Functions: commands of this machine that a world file names, in the place of Lambda's.

No API call can make one or say what it runs. ``invoke`` hands an event over as JSON on the standard input and posts
what the command came to.
"""

"""Connections to GitHub, GitLab and Bitbucket, which here lead to folders that a world file names.

No API call can say which folder: a connection that is made by a call is AVAILABLE once a world file maps its name.
"""

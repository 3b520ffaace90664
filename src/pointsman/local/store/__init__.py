"""What the backend knows, kept in SQLite: records per account and region, blobs beside them.

``database.py`` owns the connection and its transactions, ``records.py`` typed records over it, ``blobs.py`` the bodies
of objects and artifacts. Nothing here knows an AWS service.
"""

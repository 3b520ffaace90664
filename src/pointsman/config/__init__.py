"""What a person may set: the schema, the files it is read from, and who has the last word.

The command line comes before the environment, the environment before the file, the file before the defaults. Nothing
here writes a file, and nothing here imports AWS's library or a screen.
"""

"""The Textual application: app over screens over dialogs over widgets over present."""

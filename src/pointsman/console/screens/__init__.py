"""One module per place. A screen subscribes to feeds, hands snapshots to widgets and forwards their messages."""

"""CloudWatch Logs: groups, streams and their events in time order; filters over them, and Insights queries."""

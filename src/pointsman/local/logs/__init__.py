"""CloudWatch Logs: groups, streams and their events in time order; filters, live tails, and Insights queries."""

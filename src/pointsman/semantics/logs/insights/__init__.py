"""CloudWatch Logs Insights QL: reading a query, and running it over events."""

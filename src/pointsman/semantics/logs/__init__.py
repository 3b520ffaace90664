"""The languages of CloudWatch Logs: filter patterns and Insights queries, as pure code."""

"""CloudWatch: metrics that are kept, alarms that evaluate, dashboards."""

"""CloudWatch's rules as pure code: statistics, periods, metric math, search, labels, bands, alarms and their rules."""

"""X-Ray: documents taken in and assembled, searched, summed up and drawn; sampling rules and their quotas."""

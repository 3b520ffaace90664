"""Sessions and clients, faults, the read-only guard and the call trail: the only boto3 above the backend."""

"""X-Ray's rules as pure code: documents, traces, service graphs, filter expressions, sampling."""

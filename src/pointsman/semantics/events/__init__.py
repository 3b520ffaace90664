"""EventBridge's rules as pure code: event patterns, schedules, and what a target is given of an event."""

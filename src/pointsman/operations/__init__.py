"""What a person may do: one declaration per verb, one registry, one runner, one audit log."""

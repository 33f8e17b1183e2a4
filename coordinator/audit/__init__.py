"""The audit: the ledger held against the bucket, both ways. It reads; only `mending` acts, and only when told to."""

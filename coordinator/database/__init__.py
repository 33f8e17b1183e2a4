"""The ledger: Postgres behind `uploads.ledger.UploadRepository`, and the API keys."""

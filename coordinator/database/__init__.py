"""The ledger: Postgres behind `uploads.ports.UploadRepository`, and the API keys."""

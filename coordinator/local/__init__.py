"""The one-command default: a real Postgres and a real object store from wheels, on loopback, with their data in one directory."""

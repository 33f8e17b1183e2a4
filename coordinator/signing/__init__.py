"""Presigned URLs, computed here rather than by an SDK. Pure CPU: no network, no clock, no environment of its own."""

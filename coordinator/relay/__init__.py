"""Parts that come through the service where the direct path is blocked: a request's bytes go straight on to the store."""

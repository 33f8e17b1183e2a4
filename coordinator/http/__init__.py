"""What every entrance shares: the guard, problem documents, bodies and their limits, middleware."""

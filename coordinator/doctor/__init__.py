"""The doctor: looks at a real database and a real bucket, and says what is wrong and how to mend it."""

"""Who may do what: principals, API keys, upload tokens, and the policies an upload is started under."""

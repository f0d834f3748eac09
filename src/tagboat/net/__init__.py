"""The door to HTTP: one pool of connections, trust, proxies, redirects and retries."""

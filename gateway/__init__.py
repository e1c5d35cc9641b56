"""The only public door: accounts, sessions, forwarding, the live stream and the API's document. No business data."""

"""The services behind the gateway, and the kit they share."""

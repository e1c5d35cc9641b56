"""Notify owns contacts and preferences, templates, notices, deliveries and the channels they leave by."""

"""Webhooks: programs are told what happens in a person's sessions, signed and tried again until they have taken it."""

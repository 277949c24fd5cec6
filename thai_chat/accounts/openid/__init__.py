"""Signing in by an OpenID provider (decision 0044): what it says (`provider`), what is remembered until somebody comes
back from it (`round_trip`), and whose account that is (`signing_in`)."""

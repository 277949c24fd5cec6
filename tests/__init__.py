"""The tests. Importing them secludes the process from the user's settings, before the application reads any."""

from tests.seclusion import seclude

seclude()

"""The benchmarks. Importing them secludes the process from the user's settings, as the tests are."""

from tests.seclusion import seclude

seclude()

"""The history in memory: what serves in an outage, and all there is without a database."""

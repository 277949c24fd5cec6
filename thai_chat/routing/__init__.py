"""Which model answers: live health of the backends, the choice between them, facts about models."""

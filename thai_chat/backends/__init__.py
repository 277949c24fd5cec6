"""The model servers: each adapter speaks one protocol and gives the core's events and errors."""

"""Real Kafka, PostgreSQL and Redis for tests and trials, without containers. See README.md."""

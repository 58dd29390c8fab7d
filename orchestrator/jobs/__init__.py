"""The durable record of jobs, which is their queue too, and the API keys beside it."""

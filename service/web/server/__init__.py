"""The process that answers: connections, limits, what is known before Flask, health."""

"""Claims what is due, sends it, records what happened."""

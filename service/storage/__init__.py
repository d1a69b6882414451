"""The only SQL. One file a noun; every function takes an open connection."""

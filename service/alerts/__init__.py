"""Pure: who wants a change, what is sent, and when to try again."""

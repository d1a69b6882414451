"""What can be done: one function for each act, used by every door (command, API, page, desk, job).

A door parses what came in, calls one of these, and shows the result. Every rule about what may be
done, by whom and to what, stands here; SQL stands in `storage`. An act runs in the caller's
transaction, so that a door may add to it.
"""

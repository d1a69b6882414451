"""`loa demo`: a sample portal, a mail sink and a webhook receiver on loopback, and the real service
between them."""

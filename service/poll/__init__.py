"""Portals in: fetch, parse, compare, classify, store. Owns what a poll means; refuses to know how a
page is read."""

from service.poll.notice import Notice, tell_of_listings, what_to_tell
from service.poll.poller import Poller
from service.poll.report import ListingReport, PollReport

__all__ = [
    "ListingReport",
    "Notice",
    "PollReport",
    "Poller",
    "tell_of_listings",
    "what_to_tell",
]

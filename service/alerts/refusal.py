"""What the refusal of a mail says: of the mailbox, of us, or of nothing that lasts. One table for
all who refuse.

The same words come as the answer to RCPT, as `Diagnostic-Code` of a delivery status notification
(RFC 3464, 2.3.6) and in the text of mail systems that follow no standard. The words come before the
status: relays write 5.1.1 beside "mailbox full" and 5.0.0 beside "user unknown". In doubt an
address is kept: only what says that there is no such mailbox or host is HARD. Pure.
"""

from __future__ import annotations

import re
from enum import StrEnum

MAX_WORDS = 20_000
"""Characters of a text that are looked at: the reason stands at its beginning."""


class Kind(StrEnum):
    HARD = "hard"
    """There is no such mailbox, or no such host."""
    SOFT = "soft"
    """Full, away, not now: an address is believed dead only when this comes on several days."""
    OURS = "ours"
    """It speaks of us or of the mail (blocked, spam, policy, size): the operator's business, no
    fault of theirs."""
    COMPLAINT = "complaint"
    NONE = "none"
    """An answer by a machine or a person that says nothing of delivery."""


def _phrases(listed: str) -> tuple[str, ...]:
    """Parted by `|`. Each may go on within its last word, unless it ends in `_`: a space."""
    return tuple(" ".join(phrase.split()).replace("_", " ") for phrase in listed.split("|"))


_OURS = _phrases("""
    block list | blocklist | blacklist | black list | black-list | block-list | denylist | blocked using | is
    blocked | was blocked | been blocked | blocked by | blocked - see | blocked ip | ip blocked | client host
    blocked | dnsbl | rbl | sorbs | barracuda | reputation | client host [ | host rejected | network not allowed |
    your host | your ip | ip address is not | not accepting connections | banned | refused to talk | service refuse
    | senderbase | talosintelligence | mismatches client ip | ip name lookup | reverse dns | ptr record | no ptr |
    rdns | cannot find your reverse | can not find your | helo | ehlo | invalid hostname | fix reverse | dns for |
    unresolvable | does not match your | spam | junk | ube, | bulk mail | phish | virus | malware | malicious |
    infected | suspicious | content | attachment | header error | messages with multiple addresses | bad header |
    8-bit data | rfc 5322 | rfc5322 | rfc 2822 | message rejected | message refused | message was rejected | message
    not accepted | not rfc | bare lf | bare line feed | message filtered | filtered message | transaction failed |
    policy | policies | spf | dkim | dmarc | authenticat | authorized | authorised | not allowed to send |
    permission | permitted | access denied | denied by | sender rejected | sender address rejected | sender address
    has been | sender is rejected | bad sender | sender verify | sender denied | from address | domain of sender |
    sender domain | sender's domain | sender id | mail from | originator | sender not | invalid sender | untrusted |
    envelope sender | return path | backscatter | null sender | tls required | starttls | encryption | not verified
    | too large | too big | too long | message size | size limit | exceeds size | exceeds the maximum | exceeds
    limit | maximum size | sizelimit | too many | rate limit | ratelimit | frequency | throttl | sending limit |
    quota for sending | hop count | loop | relay | not configured to | syntax | sequence of commands | command not |
    unrecognized command | protocol error
""")
"""Words of the sender, the mail, the connection or the relay."""

_DENIED = _phrases("""
    relay access denied | relaying denied | relay denied | relay not permitted | relaying not permitted | relay not
    allowed | relaying not allowed | not permitted to relay | not allowed to relay | unable to relay | cannot relay |
    do not relay | don't relay | relaying is prohibited | relaying prohibited | authentication required | must
    authenticate | authenticate first | authorization required
""")
"""Words of a relay that does not know us."""

_FULL = _phrases("""
    mailbox full | mailbox is full | mailbox for user is full | full mailbox | mailbox size | mailbox quota | over
    quota | overquota | over the quota | over its quota | over their quota | over his quota | exceeded quota | quota
    exceed | exceeds quota | exceeded storage | exceeded the storage | disk quota | quota full | user is over |
    storage allocation | insufficient system storage | insufficient disk | insufficient storage | out of storage |
    no space left | not enough space | no room | boite pleine | hộp thư đầy | hết dung lượng | mailbox has exceeded
    | mailfolder is full | inbox is full | account is full | exceeded its | exceeded your | space allocation |
    allocated message storage | would exceed | exceeded the space
""")

_HOST_NOT_FOUND = re.compile(r"\b(?:host|domain) [^ ]{1,255} (?:was )?not found")

_AWAY = _phrases("""
    may not exist | might not exist | may no longer |
    inactive | disabled | frozen | suspended | deactivated | is locked | account locked | bloque. | account is
    blocked | expired | not active | on hold | on vacation | receiving mail at a rate | greylist | graylist | grey
    list | try again | try later | temporar | timed out | timeout | connection refused | no route to host | connect
    to | not yet | in use | unreachable | input/output error | resources | gave up after | delayed | couldn't create
    | connection reset | lost connection | connection lost | failed to connect | could not connect | couldn't
    connect | network error | service unavailable | service not available | service currently unavailable | dns
    query failed | malformed or unexpected name server | dns lookup failed | server failure | will be retried
""")

_NO_HOST = _phrases("""
    host not found | domain not found | no such domain | unknown host | host unknown | unknown domain | domain
    unknown | domain does not exist | domain doesn't exist | nxdomain | null mx | does not accept mail | doesn't
    accept mail | not accepting mail | accepts no mail | illegal host/domain | invalid domain | no mail exchanger |
    mail exchanger not found | couldn't find any host | could not find any host | couldn't find a mail exchanger |
    no mx | non-existent domain | nonexistent domain | non-existent host | bad destination system | bad destination
    host | unrouteable mail domain | unrouteable domain | unable to route to domain | domain is not reachable | name
    or service not known | no route to domain | domain must resolve | domain name not found | because of a domain |
    bad domain | address lookup failed
""")

_NO_MAILBOX = _phrases("""
    user unknown | unknown user | no such user | no such mailbox | no such recipient | no such address | no such
    person | no such account | no such local | no such email | unknown recipient | recipient unknown | unknown
    address | address unknown | unknown mailbox | mailbox unknown | unknown local | unknown account | unknown or
    illegal alias | user not found | recipient not found | mailbox not found | address not found | account not found
    | addressee unknown | recipnotfound | not found by | not found in | not listed in | doesn't exist | not exist |
    non-existent | nonexistent | is not a valid | not a known user | not known | invalid recipient | invalid mailbox
    | invalid address | invalid user | recipient is not valid | recipient invalid | address is invalid |
    destinataire invalide | bad destination mailbox | doesn't have a_ | does not have a_ | no mailbox | no account |
    no longer on server | no longer valid | no longer available | no longer in use | no longer active | no longer
    exists | has moved | moved to | not our user | not our customer | unrouteable address | unroutable address |
    mailbox unavailable | invalid final delivery userid | mailbox not available | mailbox is unavailable | user is
    unknown | user doesn't | user does not | can't find | no valid recipients | can not find | undeliverable address
    | not a mailbox | unknown email | wrong address | misspelled | bad recipient | bad address | person not found |
    name not found | not in directory | recipient does not | no matches | ambiguous | không tồn tại | alias is
    unknown
""")

_OF_ANYBODY = _phrases("""
    host not found | domain not found | no such domain | unknown host | host unknown | unknown domain | domain
    unknown | domain does not exist | domain doesn't exist | invalid domain | domain must resolve | name or service
    not known | bad domain | address lookup failed | domain name not found | because of a domain | no mx |
    unknown address | address unknown | address not found | not found by | not found in | not listed in | doesn't
    exist | not exist | is not a valid | not known | invalid address | address is invalid | doesn't have a_ | does
    not have a_ | no longer valid | no longer available | no longer in use | has moved | moved to | can't find | can
    not find | bad address | name not found | no matches | ambiguous
""")
"""Of those below, what may be said of a sender, of his host, of a record in the DNS as well."""

_TABLE = (
    (Kind.OURS, _OURS), (Kind.SOFT, _FULL), (Kind.SOFT, _AWAY), (Kind.HARD, _NO_HOST),
    (Kind.HARD, _NO_MAILBOX),
)  # fmt: skip

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NO_MAILBOX_STATUS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.1.351"})
"""RFC 3463 and 7505: no such mailbox, no such host, an address that is none, moved, takes no mail,
no such name."""
_OURS_STATUS = frozenset({"5.1.7", "5.1.8", "5.1.9"})
"""Of the sender's address."""
_OURS_SUBJECTS = frozenset({"3", "5", "6", "7"})
"""RFC 3463, 3: the mail system, the protocol, the content, the policy."""


def kind_of_refusal(words: str, status: str = "") -> Kind:
    """What `words` (of a relay, one answer or the text of a mail) say, beside the `status` that was
    given for them.

    The status within the words is the remote's own, and comes before the one that a relay on the
    way put beside it.
    """
    said = _plain(words)
    told = _by_words(said)
    found = _STATUS.search(said)
    inner = found[0] if found else ""
    if told is not None:
        return _both(told, inner or status, said)
    is_plain = inner.endswith(".0.0")  # "undefined", by those who have nothing better to say
    return _by_status(status if status and (is_plain or not inner) else inner)


def is_relaying_denied(answer: str) -> bool:
    """Whether an answer to RCPT says that the relay does not relay for us, whoever is written
    to."""
    said = " ".join(answer[:MAX_WORDS].lower().split())
    return said.startswith("530 ") or any(phrase in said for phrase in _DENIED)


def says_something(words: str) -> bool:
    """Whether any of the words that are known here, or a status, stands in a text."""
    said = _plain(words)
    return _by_words(said) is not None or _STATUS.search(said) is not None


def _both(told: Kind, status: str, said: str) -> Kind:
    """What failed for now is not over, and a full mailbox exists, whatever the words beside the
    status; words that may be said of a sender too are, beside a status that speaks of us."""
    if told is Kind.HARD and _by_status(status) is Kind.OURS:
        rest = said
        for phrase in _OF_ANYBODY:
            rest = rest.replace(phrase, " ")
        return Kind.HARD if _by_words(rest) is Kind.HARD else Kind.OURS
    return Kind.SOFT if told is Kind.HARD and status.startswith(("4", "5.2.2")) else told


def _plain(words: str) -> str:
    """Lower case, one space between words; no addresses, and no code again at the head of each line
    of an answer."""
    said = re.sub(r"\s+", " ", words[:MAX_WORDS].lower())
    said = said.replace("unknown address error", "")  # the heading of IronPort for all of 5.1.x
    said = re.sub(r"(?<= )[45]\d\d-(?:[45]\.\d{1,3}\.\d{1,3} )?", "", said)
    return " ".join(word for word in said.split(" ") if not _is_a_name(word))


_LISTS = ("dnsbl", "rbl", "spamhaus", "spamcop", "sorbs", "barracuda", "senderbase", "resolver.")
"""Names that say something: of lists of senders, and what Exchange puts before its reasons."""


def _is_a_name(word: str) -> bool:
    """Whether it is an address, a link or a host, which may be called anything:
    `mail.spam.example`."""
    if "@" in word or "://" in word:
        return True
    return bool(re.search(r"[a-z0-9-]\.[a-z]", word)) and not any(name in word for name in _LISTS)


def _by_words(said: str) -> Kind | None:
    """What the first words that say anything say; those that follow are advice."""
    if (
        "recipient address rejected: access denied" in said
    ):  # of Exchange Online, for a mailbox that it does not have
        return Kind.HARD
    places = [
        (place, kind)
        for kind, phrases in _TABLE
        for place in (said.find(phrase) for phrase in phrases)
        if place >= 0
    ]
    host = _HOST_NOT_FOUND.search(said)
    if host is not None:
        places.append((host.start(), Kind.HARD))
    if not places:
        return None
    first = min(places)[1]
    if (
        first is Kind.SOFT
        and not any(phrase in said for phrase in _FULL)
        and any(kind is Kind.OURS for _, kind in places)
    ):
        return Kind.OURS  # "service unavailable; client host blocked"
    return first


def _by_status(status: str) -> Kind:
    digits = status.split(".")
    if status in _NO_MAILBOX_STATUS:
        return Kind.HARD
    if digits[0] == "5" and (
        status in _OURS_STATUS or (digits[1:2] and digits[1] in _OURS_SUBJECTS)
    ):
        return Kind.OURS
    return Kind.SOFT

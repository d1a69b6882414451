"""Every act of the services, its doors, and the inputs that each of them is tried with.

A new act has its row here, or stands in `NO_ACTS` with what it is; a test walks `service.services`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from service.portals.portal_text import render_portal
from service.services.filters import MAX_KEYWORDS
from service.settings import ListingConfig, PortalConfig
from tests.acts_before import handed_out, kept_scan, restored
from tests.acts_world import NEVER, Try, World, by_api, by_command, by_desk, by_form

Given = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """`code`: what stands in the log of who did what; None: its own ledger is its log. `door`s by
    name; `cases`: the inputs by what they are. `only`: where a door has no way to say an input, the
    inputs that it has. `unlike`: cases that doors word each in their own way, and refuse alike.
    `before`: makes what the world of all acts has not."""

    code: str | None
    doors: dict[str, Try]
    cases: dict[str, Given]
    only: dict[str, tuple[str, ...]] | None = None
    unlike: tuple[str, ...] = ()
    before: Callable[[World], None] | None = None


def _subscription(act: str, cases: dict[str, Given], *, has_page: bool = True) -> Act:
    doors = {
        "command": by_command("subscription", act, "{id}"),
        "api": by_api("DELETE", "subscriptions/{id}")
        if act == "remove"
        else by_api("POST", f"subscriptions/{{id}}/{act}"),
        "desk": by_desk(f"subscriptions/{{id}}/{act}"),
    }
    if act == "confirm":
        del doors["api"]  # who has a token vouches as it is added
    only = None
    if has_page:
        doors["page"] = by_form("/manage/{manage}", "id", action=act, sure="1")
        only = {"page": tuple(key for key in cases if key.startswith("mail, active"))}
    return Act(f"act.subscription_{act}", doors, cases, only, unlike=("nothing",))


STATES = ("active", "paused", "pending", "suspended", "disabled", "removed")
EACH: dict[str, Given] = {
    **{f"webhook, {one}": {"id": f"{{webhook_{one}}}"} for one in STATES},
    **{f"mail, {one}": {"id": f"{{email_{one}}}"} for one in STATES},
    "nothing": {"id": NEVER},
}
_FILTERS = {"categories": "--category", "portals": "--portal", "places": "--place",
            "keywords": "--keyword"}  # fmt: skip
_LONG = "x" * 201
LINES: dict[str, str] = {
    "untidy": " a\u00a0 b\u200b ", "too long": _LONG, "turned round": "a\u202eb",
    "controls": "a\x1b[2J", "two lines": "a\nb",
}  # fmt: skip


def _api_edit(world: Any, given: Given) -> str:
    body = {key: value for key, value in given.items() if key not in (*_FILTERS, "id")}
    wanted = {key: given[key] for key in _FILTERS if key in given}
    if wanted:
        body["filters"] = wanted
    return by_api("PATCH", "subscriptions/{id}", *body)(world, {**given, **body})


def _api_add(world: Any, given: Given) -> str:
    body = {key: value for key, value in given.items() if key not in _FILTERS}
    wanted = {key: given[key] for key in _FILTERS if key in given}
    if wanted:
        body["filters"] = wanted
    return by_api("POST", "subscriptions", *body)(world, body)


_FIELDS = {"categories": "category", "portals": "portal", "places": "place",
           "keywords": "keyword"}  # fmt: skip
_DESK_FIELDS = ("channel", "target", "name", "frequency", "confirmed", *_FIELDS.values())
_NO_FIELD = {"headers", "min_interval_s"}
"""What the forms of the desk do not ask for."""


def _form_of(given: Given) -> Given:
    form = {_FIELDS.get(key, key): value for key, value in given.items()}
    return {**form, "confirmed": "1"} if form.get("confirmed") else form


def _desk_add(world: Any, given: Given) -> str:
    return by_desk("units/{unit}/subscribe", *_DESK_FIELDS)(world, _form_of(given))


def _desk_edit_subscription(world: Any, given: Given) -> str:
    return by_desk("subscriptions/{id}", *_DESK_FIELDS)(world, _form_of(given))


def _desk_token(world: Any, given: Given) -> str:
    form = {{"scopes": "scope"}.get(key, key): value for key, value in given.items()}
    return by_desk("tokens/", "name", "role", "unit", "scope", "ends_on")(world, form)


def _import_units(world: Any, given: Given) -> str:
    file = world.house.terminal.folder / "units.csv"
    cells = ";".join(given.get("contacts", []))
    file.write_text(f"name,place,contacts\n{given['name']},{given.get('place', '')},{cells}\n")
    return by_command("unit", "import", str(file))(world, {})


def _import_subscriptions(world: Any, given: Given) -> str:
    file = world.house.terminal.folder / "subscriptions.csv"
    file.write_text(f"channel,target\n{given['channel']},{given['target']}\n")
    return by_command("subscription", "import", str(file))(world, {})


_PORTAL: Given = {
    "id": "moi", "name": "UBND xã Mới", "base_url": "https://moi.example",
    "listings": [{"url": "/tin", "category": "news"}],
}  # fmt: skip


def _text_of(given: Given) -> str:
    listings = tuple(ListingConfig.model_construct(**one) for one in given["listings"])
    facts = {**given, "listings": listings, "kind": "auto"}
    return render_portal(PortalConfig.model_construct(**facts))


def _desk_add_portal(world: Any, given: Given) -> str:
    return by_desk("portals/", "file")(world, {"file": _text_of(given)})


_TASK: Given = {"task": "báo cáo kết quả", "day": "2026-12-05", "hour": "17:00",
                "owner": "communes"}  # fmt: skip
_TASK_OPTIONS = {one: f"--{one}" for one in ("wrong", "task", "day", "hour", "owner", "who")}
_RELATION_KEYS = ("wrong", "relation", "other")


def _desk_task(world: Any, given: Given) -> str:
    form = dict(given) if "task" in given else {**given, "drop": "1"}
    if form.get("owner") not in (None, "communes"):
        form |= {"owner": "place", "place": form["owner"]}
    return by_desk("posts/{id}/tasks", *_TASK_OPTIONS, "place", "drop")(world, form)


def _desk_relation(world: Any, given: Given) -> str:
    form = given if "relation" in given else {**given, "drop": "1"}
    return by_desk("posts/{id}/relations", *_RELATION_KEYS, "drop")(world, form)


_SUBJECT = {"active": {"id": "{webhook_active}"}, "mail": {"id": "{email_active}"},
            "removed": {"id": "{webhook_removed}"}, "nothing": {"id": NEVER}}  # fmt: skip
_EDITS: dict[str, Given] = {
    "a category": {"categories": ["directives", "meetings"]},
    "an unknown category": {"categories": ["nope"]},
    "an unknown portal": {"portals": ["nope"]},
    "an unknown place": {"places": ["atlantis-1"]},
    "an empty keyword": {"keywords": ["!?"]},
    "too many keywords": {"keywords": [f"từ {n}" for n in range(MAX_KEYWORDS + 1)]},
    "weekly": {"categories": ["news"], "frequency": "weekly"},
    **{f"a name, {key}": {"name": line} for key, line in LINES.items()},
    "headers": {"headers": {"X-Tenant": "7"}},
    "an interval": {"min_interval_s": 5},
    "another address": {"target": "https://other.example/loa"},
    "an address inside": {"target": "https://10.0.0.1/"},
}


def _command_edit(world: Any, given: Given) -> str:
    headers = [f"{name}: {value}" for name, value in given.get("headers", {}).items()]
    options = {**_FILTERS, "frequency": "--frequency", "name": "--name", "header": "--header",
               "min_interval_s": "--min-interval", "target": "--url"}  # fmt: skip
    return by_command("subscription", "edit", "{id}", options=options)(
        world, {**given, "header": headers}
    )


def _command_add(world: Any, given: Given) -> str:
    headers = [f"{name}: {value}" for name, value in given.get("headers", {}).items()]
    options = {**_FILTERS, "frequency": "--frequency", "name": "--name", "header": "--header",
               "unit": "--unit", "confirmed": "--confirmed"}  # fmt: skip
    return by_command("subscription", "add", "{channel}", "{target}", options=options)(
        world, {**given, "header": headers}
    )


_UNIT_OPTIONS = {"name": "--name", "place": "--place", "contacts": "--contact"}
_CONTACTS = {"bad": ["a..b@xa.example"], "many": [f"c{n}@xa.example" for n in range(11)]}


def _desk_unit(path: str) -> Try:
    def send(world: Any, given: Given) -> str:
        form = {**given, "contacts": " ".join(given.get("contacts", []))}
        return by_desk(path, "name", "place", "contacts")(world, form)

    return send


def _desk_edit(world: Any, given: Given) -> str:
    now = {"name": "UBND unit", "place": "", "contacts": ["a@xa.example", "b@xa.example"]}
    return _desk_unit("units/{id}")(world, {**now, **given})


_POSTS = {"silent": {"id": "{silent}"}, "told": {"id": "{post}"}, "nothing": {"id": NEVER}}
_PORTALS = {"one": {"id": "quangxuong"}, "nothing": {"id": "nope"}}
_NOTES = {"none": {}, "a note": {"note": "đã nhận"}, "a long note": {"note": "n" * 1001},
          "a note of two lines": {"note": "đã\r\n\tnhận"}, "controls": {"note": "a\x1b[2J"},
          "turned round": {"note": "a\u202eb"}}  # fmt: skip

_MAIL: Given = {"channel": "email", "target": "new@xa.example", "unit": "{unit}"}
_HOOK: Given = {**_MAIL, "channel": "webhook", "target": "https://new.example/loa"}
_OF_A_UNIT: dict[str, Given] = {
    "a webhook": _HOOK,
    "vouched for": {**_HOOK, "confirmed": True},
    "inside": {**_HOOK, "target": "https://127.0.0.1/"},
    "a mail": _MAIL,
    "no address": {**_MAIL, "target": "a..b@xa.example"},
    "not ASCII": {**_MAIL, "target": "văn.thư@xa.example"},
    **{f"a name, {key}": {**_MAIL, "name": line} for key, line in LINES.items()},
    **{key: {**_MAIL, **value} for key, value in _EDITS.items()
       if set(value) <= {*_FILTERS, "frequency"}},
}  # fmt: skip
_CHANGED: dict[str, Given] = {
    **{f"webhook: {key}": {**_SUBJECT["active"], **value} for key, value in _EDITS.items()},
    "webhook: controls in headers": {**_SUBJECT["active"], "headers": {"X-Tenant": "a\x1b[2J"}},
    "mail: headers": {**_SUBJECT["mail"], "headers": {"X-Tenant": "7"}},
    "mail: weekly": {**_SUBJECT["mail"], "frequency": "weekly"},
    "removed": {**_SUBJECT["removed"], "name": "x"},
    "nothing": {**_SUBJECT["nothing"], "name": "x"},
}
_HUB = {"hub.mode": "subscribe", "hub.topic": "https://loa.example/feeds/all.atom",
        "hub.callback": "https://reader.example/"}  # fmt: skip

ACTS: dict[str, Act] = {
    "subscription_acts.add": Act(
        "act.subscription_add",
        {"command": _command_add, "api": _api_add, "desk": _desk_add},
        {
            "a webhook of none": {"channel": "webhook", "target": "https://new.example/loa"},
            "of no unit": {"channel": "email", "target": "new@xa.example", "unit": NEVER},
            "headers": {"channel": "webhook", "target": "https://new.example/loa",
                        "headers": {"Host": "x"}},
            "controls in headers": {"channel": "webhook", "target": "https://new.example/loa",
                                    "headers": {"X-Tenant": "a\x1b[2J"}},
            **_OF_A_UNIT,
        },
        only={"desk": tuple(_OF_A_UNIT)},
        unlike=("an unknown place", "no address", "not ASCII"),
    ),
    "subscription_acts.edit": Act(
        "act.subscription_edit",
        {"command": _command_edit, "api": _api_edit, "desk": _desk_edit_subscription},
        _CHANGED,
        # a form of the desk brings all that it shows: a webhook's has no frequency
        only={"desk": tuple(key for key, one in _CHANGED.items()
                            if not set(one) & _NO_FIELD and key != "webhook: weekly")},
        unlike=("nothing", "webhook: an unknown place"),
    ),
    "subscription_acts.pause": _subscription("pause", EACH),
    "subscription_acts.resume": _subscription("resume", EACH),
    "subscription_acts.confirm": _subscription("confirm", EACH, has_page=False),
    "subscription_acts.remove": _subscription("remove", EACH),
    "subscription_acts.rotate": _subscription("rotate", EACH, has_page=False),
    "subscription_acts.test": _subscription("test", EACH, has_page=False),
    "undo_acts.restore_subscription": _subscription("restore", EACH, has_page=False),
    "subscription_acts.replay": Act(
        "act.subscription_replay",
        {"command": by_command("delivery", "replay", "--failed", "--subscription", "{id}"),
         "api": by_api("POST", "subscriptions/{id}/replay")},
        EACH, unlike=("nothing",),
    ),
    "delivery_acts.replay": Act(
        "act.delivery_replay",
        {"command": by_command("delivery", "replay", "{id}"),
         "api": by_api("POST", "deliveries/{id}/replay"),
         "desk": by_desk("deliveries/{id}/replay")},
        {"failed": {"id": "{delivery}"}, "nothing": {"id": NEVER}}, unlike=("nothing",),
    ),
    "delivery_acts.replay_all": Act(
        "act.deliveries_replay",
        {"command": by_command("delivery", "replay", "--failed"),
         "desk": by_desk("deliveries/replay-failed")},
        {"all": {}},
    ),
    "delivery_acts.pause_all": Act(
        "act.deliveries_pause",
        {"command": by_command("delivery", "pause"), "desk": by_desk("deliveries/pause")},
        {"all": {}},
    ),
    "delivery_acts.resume_all": Act(
        "act.deliveries_resume",
        {"command": by_command("delivery", "resume"), "desk": by_desk("deliveries/resume")},
        {"all": {}},
    ),
    "unit_acts.add": Act(
        "act.unit_add",
        {"command": by_command("unit", "add", options=_UNIT_OPTIONS),
         "api": by_api("POST", "units", *_UNIT_OPTIONS), "desk": _desk_unit("units")},
        {
            "whole": {"name": "UBND N", "place": "quang-ninh-16540", "contacts": ["a@xa.example"]},
            "known": {"name": "UBND unit"},
            "an unknown place": {"name": "UBND N", "place": "atlantis-1"},
            "an empty name": {"name": " "},
            **{f"a name, {key}": {"name": line} for key, line in LINES.items()},
            **{f"contacts, {key}": {"name": "N", "contacts": of} for key, of in _CONTACTS.items()},
        },
        unlike=("an unknown place", "contacts, bad"),
    ),
    "unit_acts.edit": Act(
        "act.unit_edit",
        {"command": by_command("unit", "edit", "{id}", options=_UNIT_OPTIONS),
         "api": by_api("PATCH", "units/{id}", *_UNIT_OPTIONS), "desk": _desk_edit},
        {
            "a name": {"id": "{unit}", "name": "UBND mới"},
            "another's name": {"id": "{unit}", "name": "UBND other"},
            "a place": {"id": "{unit}", "place": "quang-ninh-16540"},
            "an unknown place": {"id": "{unit}", "place": "atlantis-1"},
            "fewer contacts": {"id": "{unit}", "contacts": ["b@xa.example"]},
            **{f"a name, {key}": {"id": "{unit}", "name": line} for key, line in LINES.items()},
            **{f"contacts, {key}": {"id": "{unit}", "contacts": of}
               for key, of in _CONTACTS.items()},
            "removed": {"id": "{gone}", "name": "x"},
            "nothing": {"id": NEVER, "name": "x"},
        },
        unlike=("an unknown place", "contacts, bad"),
    ),
    "unit_acts.put": Act(
        "act.unit_edit", {"command": _import_units},
        {"updated": {"name": "UBND unit", "contacts": ["z@xa.example"]},
         "bad": {"name": "UBND unit", "place": "atlantis-1"}},
    ),
    "import_acts.import_subscriptions": Act(
        "act.subscription_add", {"command": _import_subscriptions},
        {"added": {"channel": "email", "target": "new@xa.example"},
         "bad": {"channel": "email", "target": "a..b@xa.example"}},
    ),
    "unit_acts.remove": Act(
        "act.unit_remove",
        {"command": by_command("unit", "remove", "{id}"), "api": by_api("DELETE", "units/{id}"),
         "desk": by_desk("units/{id}/remove")},
        {"there": {"id": "{unit}"}, "removed": {"id": "{gone}"}, "nothing": {"id": NEVER}},
        unlike=("nothing", "removed"),
    ),
    "undo_acts.restore_unit": Act(
        "act.unit_restore",
        {"command": by_command("unit", "restore", "{id}"),
         "api": by_api("POST", "units/{id}/restore"), "desk": by_desk("units/{id}/restore")},
        {"removed": {"id": "{gone}"}, "there": {"id": "{unit}"}, "nothing": {"id": NEVER}},
    ),
    "merge_acts.merge": Act(
        "act.unit_merge",
        {"command": by_command("unit", "merge", "{id}", "{into}"),
         "api": by_api("POST", "units/{id}/merge", "into"),
         "desk": by_desk("units/{id}/merge", "into")},
        {"two": {"id": "{unit}", "into": "{other}"}, "itself": {"id": "{unit}", "into": "{unit}"},
         "into nothing": {"id": "{unit}", "into": NEVER},
         "of nothing": {"id": NEVER, "into": "{unit}"},
         "into what is gone": {"id": "{unit}", "into": "{gone}"}},
    ),
    "succession_acts.carry_out": Act(
        "act.unit_edit",
        {"command": by_command("unit", "succeed", "--apply"),
         "api": by_api("POST", "successions", "apply"), "desk": by_desk("successions")},
        {"all": {"apply": True}},
    ),
    "portal_acts.add": Act(
        "act.portal_add",
        {"api": by_api("POST", "portals", "id", "name", "base_url", "listings"),
         "desk": _desk_add_portal},
        {"a portal": _PORTAL, "there": {**_PORTAL, "id": "quangxuong"},
         "no listing": {**_PORTAL, "listings": []}},
        unlike=("there", "no listing"),
    ),
    "portal_acts.edit": Act(
        "act.portal_edit", {"desk": by_desk("portals/{id}", "file")},
        {"another name": {"id": "quangxuong", "file": _text_of({**_PORTAL, "id": "quangxuong"})},
         "another id": {"id": "quangxuong", "file": _text_of(_PORTAL)},
         "no portal": {"id": "quangxuong", "file": "x"},
         "nothing": {"id": "nope", "file": _text_of(_PORTAL)}},
    ),
    "portal_acts.remove": Act(
        "act.portal_remove",
        {"api": by_api("DELETE", "portals/{id}"), "desk": by_desk("portals/{id}/remove")},
        _PORTALS, unlike=("nothing",),
    ),
    "portal_acts.restore": Act(
        "act.portal_restore", {"desk": by_desk("portals/{id}/restore")},
        {"removed": {"id": "removed"}, "nothing": {"id": "nope"}},
    ),
    "portal_acts.reread": Act(
        "act.portals_reread", {"desk": by_desk("portals/reread")}, {"all": {}},
    ),
    "key_acts.rotate": Act(
        "act.key_rotate", {"command": by_command("key", "rotate", options={"days": "--keep-days"})},
        {"kept": {}, "at once": {"days": "0"}},
    ),
    "silences.release_portal": Act(
        "act.portal_release",
        {"command": by_command("portal", "release", "{id}"),
         "api": by_api("POST", "portals/{id}/release"), "desk": by_desk("portals/{id}/release")},
        _PORTALS, unlike=("nothing",),
    ),
    "silences.discard_portal": Act(
        "act.portal_discard",
        {"command": by_command("portal", "discard", "{id}"),
         "api": by_api("POST", "portals/{id}/discard"), "desk": by_desk("portals/{id}/discard")},
        _PORTALS, unlike=("nothing",),
    ),
    "silences.release_posts": Act(
        "act.posts_release",
        {"command": by_command("post", "release", "{id}"),
         "api": by_api("POST", "posts/{id}/release"), "desk": by_desk("posts/{id}/release")},
        _POSTS, unlike=("nothing",),
    ),
    "silences.discard_posts": Act(
        "act.posts_discard",
        {"command": by_command("post", "discard", "{id}"),
         "api": by_api("POST", "posts/{id}/discard"), "desk": by_desk("posts/{id}/discard")},
        _POSTS, unlike=("nothing",),
    ),
    "overruling_acts.decide_urgency": Act(
        "act.post_urgency",
        {"command": by_command("post", "urgency", "{id}", "{urgency}"),
         "api": by_api("POST", "posts/{id}/urgency", "urgency"),
         "desk": by_desk("posts/{id}/urgency", "urgency")},
        {"urgent": {"id": "{post}", "urgency": "hoa-toc"},
         "no such urgency": {"id": "{post}", "urgency": "soon"},
         "nothing": {"id": NEVER, "urgency": "khan"}},
        unlike=("nothing", "no such urgency"),
    ),
    "overruling_acts.decide_categories": Act(
        "act.post_categories",
        {"command": by_command("post", "recategorise", "{id}", spread="categories"),
         "api": by_api("POST", "posts/{id}/categories", "categories"),
         "desk": lambda world, given: by_desk("posts/{id}/categories", "primary", "category")(
             world, {**given, "primary": given["categories"][0],
                     "category": given["categories"][1:]})},
        {"two": {"id": "{post}", "categories": ["meetings", "news"]},
         "unknown": {"id": "{post}", "categories": ["nope"]},
         "nothing": {"id": NEVER, "categories": ["news"]}},
        unlike=("nothing",),
    ),
    "backfill_acts.ask": Act(
        "act.backfill",
        {"api": by_api("POST", "portals/{id}/backfill", "since"),
         "desk": by_desk("portals/{id}/backfill", "since")},
        {"a day": {"id": "quangxuong", "since": "2026-11-20"},
         "a day to come": {"id": "quangxuong", "since": "2999-01-01"},
         "no day": {"id": "quangxuong", "since": "2026-13-01"},
         "nothing": {"id": "nope", "since": "2026-11-20"}},
        unlike=("no day",),
    ),
    "remind_now.remind_now": Act(
        "act.remind",
        {"command": by_command("receipt", "remind", spread="posts", options={"units": "--unit"}),
         "api": by_api("POST", "receipts/remind", "posts", "units"),
         "desk": lambda world, given: by_desk("receipts/remind", "post", "unit")(
             world, {"post": given["posts"], "unit": given.get("units", [])})},
        {"all": {"posts": ["{post}"]}, "one": {"posts": ["{post}"], "units": ["{unit}"]},
         "nothing": {"posts": [NEVER]}},
        unlike=("nothing",),
    ),
    "receipt_acts.acknowledge": Act(
        "act.receipt", {"api": by_api("POST", "receipts", "post", "note", as_unit=True)},
        {key: {"post": "{post}", **note} for key, note in _NOTES.items()}
        | {"nothing": {"post": NEVER}},
    ),
    "receipt_acts.acknowledge_by_link": Act(
        "act.receipt", {"page": by_form("/receipts/{receipt}", "by", "note")},
        {**_NOTES, **{f"a name, {key}": {"by": line} for key, line in LINES.items()}},
    ),
    "receipt_acts.acknowledge_on_page": Act(
        "act.receipt",
        {"page": by_form("/unit/{unit_page}", "post", "revision", "by", "note",
                         action="acknowledge")},
        {**{key: {"post": "{post}", "revision": "1", **note} for key, note in _NOTES.items()},
         "nothing": {"post": NEVER, "revision": "1"}},
    ),
    "unit_link.mail_links": Act(
        "act.unit_link",
        {"command": by_command("unit", "link", "{id}"),
         "api": by_api("POST", "units/{id}/link"), "desk": by_desk("units/{id}/link")},
        {"with contacts": {"id": "{unit}"}, "without": {"id": "{other}"},
         "removed": {"id": "{gone}"}, "nothing": {"id": NEVER}},
        unlike=("nothing", "removed"),
    ),
    "unit_link.request_links": Act(
        "act.unit_link_ask", {"page": by_form("/unit/", "address")},
        {"a contact": {"address": "a@xa.example"}, "a stranger": {"address": "nobody@xa.example"},
         "no address": {"address": "a..b@xa.example"}},
    ),
    "unit_link.renew": Act(
        "act.unit_link_ask", {"page": by_form("/unit/{unit_expired}")}, {"past its time": {}},
    ),
    "subscription_acts.ask_again": Act(
        "act.subscription_ask", {"desk": by_desk("subscriptions/{id}/ask")}, EACH,
    ),
    "look_acts.ask_probe": Act(
        "act.portal_probe",
        {"api": by_api("POST", "probes", "url"), "desk": by_desk("portals/new", "url")},
        {"an address": {"url": "https://xa.example/"}, "nothing": {"url": " "},
         "no address": {"url": "javascript:alert(1)"}},
    ),
    "look_acts.ask_check": Act(
        "act.portal_check",
        {"api": by_api("POST", "portals/{id}/check"), "desk": by_desk("portals/{id}/check")},
        _PORTALS, unlike=("nothing",),
    ),
    "portal_acts.poll_now": Act(
        "act.portal_poll",
        {"api": by_api("POST", "portals/{id}/poll"), "desk": by_desk("portals/{id}/poll")},
        _PORTALS, unlike=("nothing",),
    ),
    "by_hand.publish_by_hand": Act(
        "act.post_add",
        {"command": by_command("post", "add", options={"title": "--title",
                                                       "category": "--category"}),
         "api": by_api("POST", "posts", "title", "category"),
         "desk": by_desk("posts/new", "title", "category")},
        {"a title": {"title": "Công điện 12/CĐ-UBND về bão số 5", "category": "directives"},
         "no such category": {"title": "Công điện", "category": "nope"},
         "no title": {"title": " ", "category": "directives"},
         **{f"a title, {key}": {"title": line, "category": "news"} for key, line in LINES.items()
            if key != "too long"}},
    ),
    "by_hand.withdraw_by_hand": Act(
        "act.post_withdraw",
        {"command": by_command("post", "withdraw", "{id}"),
         "api": by_api("POST", "posts/{id}/withdraw"),
         "desk": by_desk("posts/{id}/withdraw")},
        _POSTS, unlike=("nothing",),
    ),
    "decision_acts.decide_task": Act(
        "act.post_task",
        {"command": by_command("post", "task", "{id}", options=_TASK_OPTIONS),
         "api": by_api("POST", "posts/{id}/tasks", *_TASK_OPTIONS),
         "desk": _desk_task},
        {"added": {"id": "{post}", **_TASK}, "dropped": {"id": "{post}", "wrong": "{task_key}"},
         "corrected": {"id": "{post}", "wrong": "{task_key}", **_TASK, "hour": ""},
         "of a place": {"id": "{post}", **_TASK, "owner": "quang-ninh-16540"},
         "an unknown place": {"id": "{post}", **_TASK, "owner": "atlantis-1"},
         "no such reading": {"id": "{post}", "wrong": "0" * 12},
         "no day": {"id": "{post}", **_TASK, "day": "2026-13-01"},
         "no hour": {"id": "{post}", **_TASK, "hour": "25:00"},
         **{f"a task, {key}": {"id": "{post}", **_TASK, "task": line}
            for key, line in LINES.items() if key != "too long"},
         "nothing": {"id": NEVER, **_TASK}},
        unlike=("nothing", "an unknown place"),
    ),
    "decision_acts.decide_relation": Act(
        "act.post_relation",
        {"command": by_command("post", "relation", "{id}",
                               options={one: f"--{one}" for one in _RELATION_KEYS}),
         "api": by_api("POST", "posts/{id}/relations", *_RELATION_KEYS),
         "desk": _desk_relation},
        {"added": {"id": "{post}", "relation": "amends", "other": "{silent}"},
         "dropped": {"id": "{post}", "wrong": "{relation_key}"},
         "itself": {"id": "{post}", "relation": "amends", "other": "{post}"},
         "of nothing": {"id": "{post}", "relation": "amends", "other": NEVER},
         "no such relation": {"id": "{post}", "relation": "loves", "other": "{silent}"},
         "nothing": {"id": NEVER, "relation": "amends", "other": "{silent}"}},
        unlike=("nothing", "no such relation"),
    ),
    "decision_acts.decide_document": Act(
        "act.post_document",
        {"command": lambda world, given: by_command(
            "post", "same", "{id}", "{other}", *([] if given["same"] else ["--not"]))(world, given),
         "api": by_api("POST", "posts/{id}/document", "other", "same"),
         "desk": lambda world, given: by_desk("posts/{id}/document", "other", "same")(
             world, {**given, "same": str(int(given["same"]))})},
        {"parted, of two documents": {"id": "{post}", "other": "{silent}", "same": False},
         "joined": {"id": "{post}", "other": "{silent}", "same": True},
         "itself": {"id": "{post}", "other": "{post}", "same": True},
         "of nothing": {"id": "{post}", "other": NEVER, "same": True},
         "nothing": {"id": NEVER, "other": "{post}", "same": True}},
        unlike=("nothing",),
    ),
    "decision_acts.undo_decision": Act(
        "act.post_undo",
        {"command": by_command("post", "undo", "{id}", "{decision}"),
         "api": by_api("DELETE", "posts/{id}/decisions/{decision}"),
         "desk": by_desk("posts/{id}/decisions/{decision}/undo")},
        {"a decision": {"id": "{post}", "decision": "{decided}"},
         "of another post": {"id": "{silent}", "decision": "{decided}"},
         "no decision": {"id": "{post}", "decision": NEVER},
         "nothing": {"id": NEVER, "decision": NEVER}},
        unlike=("nothing",),
    ),
    "token_acts.create": Act(
        "act.token_create",
        {"command": by_command("token", "create", options={"name": "--name", "role": "--role",
                                                           "unit": "--unit", "scopes": "--scope",
                                                           "ends_on": "--ends-on"}),
         "api": by_api("POST", "tokens", "name", "role", "unit", "scopes", "ends_on"),
         "desk": _desk_token},
        {"an operator's": {"role": "operator", "name": "x"},
         "a unit's": {"role": "unit", "unit": "{unit}"}, "without a unit": {"role": "unit"},
         "of nobody": {"role": "unit", "unit": NEVER},
         "beyond": {"role": "viewer", "name": "x", "scopes": ["operate"]},
         "narrow": {"role": "operator", "name": "x", "scopes": ["read"]},
         "to a day": {"role": "viewer", "name": "x", "ends_on": "2030-12-31"},
         "to a day of the past": {"role": "viewer", "name": "x", "ends_on": "2020-01-01"},
         "to no day": {"role": "viewer", "name": "x", "ends_on": "mai"},
         **{f"a name, {key}": {"role": "viewer", "name": line} for key, line in LINES.items()}},
        unlike=("to no day",),
    ),
    "token_acts.revoke": Act(
        "act.token_revoke",
        {"command": by_command("token", "revoke", "{id}"), "api": by_api("DELETE", "tokens/{id}"),
         "desk": by_desk("tokens/{id}/revoke")},
        {"there": {"id": "{token}"}, "nothing": {"id": NEVER}},
    ),
    "hub_acts.ask": Act(
        None,
        {"page": by_form("/hub", *_HUB, "hub.secret", "hub.lease_seconds")},
        {"a callback": _HUB, "inside": {**_HUB, "hub.callback": "https://10.0.0.1/"},
         "no topic": {**_HUB, "hub.topic": "https://loa.example/feeds/nope.atom"},
         "no mode": {**_HUB, "hub.mode": "x"}, "a lease": {**_HUB, "hub.lease_seconds": "-1"},
         "a long secret": {**_HUB, "hub.secret": "s" * 200}},
    ),
    "stream_acts.acknowledge": Act(
        None, {"api": by_api("POST", "stream/ack", "ids", as_unit=True)},
        {"handed": {"ids": ["{handed}"]}, "nothing": {"ids": [NEVER]}, "no list": {"ids": "x"}},
        before=handed_out,
    ),
    "restore.release_restored": Act(
        "act.restore_release",
        {"command": by_command("delivery", "release",
                               options={"since": "--since", "discard": "--discard"})},
        {"nothing": {"discard": True}, "what is newer": {"since": "2h"},
         "both": {"since": "2h", "discard": True}, "neither": {}, "no time": {"since": "mai"}},
        before=restored,
    ),
    "scan_acts.ask_for_scans": Act(
        "act.scans_read",
        {"command": by_command("post", "read-scans", spread="posts", options={"since": "--since"})},
        {"all": {}, "of a post": {"posts": ["{post}"]}, "of later": {"since": "2999-01-01"},
         "of nothing": {"posts": [NEVER]}},
        before=kept_scan,
    ),
    "sign_in.request_sign_in": Act(
        "act.sign_in_ask", {"page": by_form("/admin/sign-in/mail", "address", is_desk=True)},
        {"an operator": {"address": "chanh@xa.example"}, "a stranger": {"address": "x@xa.example"},
         "no address": {"address": "a..b@xa.example"}},
    ),
    "sign_in.use_sign_in": Act(
        "act.sign_in", {"page": by_form("/admin/sign-in/{sign_in}", is_desk=True)},
        {"an operator's": {}},
    ),
    "optin.request_subscription": Act(
        "act.subscription_request",
        {"page": by_form("/subscribe", "address", "category", "keyword")},
        {"an address": {"address": "lan@xa.example", "category": ["meetings"]},
         "no address": {"address": "a..b@xa.example"}, "unknown": {"address": "lan@xa.example",
                                                                 "category": ["nope"]}},
    ),
    "optin.renew_link": Act(
        "act.link_renew", {"page": by_form("/manage/{expired}", action="renew")}, {"old": {}},
    ),
    "optin.unsubscribe": Act(
        "act.unsubscribe", {"page": by_form("/unsubscribe/{unsubscribe}")}, {"one click": {}},
    ),
    "optin.erase_own": Act(
        "act.erase_ask", {"page": by_form("/manage/{manage}", action="erase", sure="1")}, {"own": {}},
    ),
    "optin.erase": Act(
        "act.erase", {"command": by_command("erase", "{address}")},
        {"known": {"address": "a@xa.example"}, "no address": {"address": "nobody"}},
    ),
    "optin.restore": Act(
        "act.subscription_restore", {"page": by_form("/restore/{restore}")}, {"a contact's": {}},
    ),
    "optin.answer_question": Act(
        "act.subscription_confirm", {"page": by_form("/confirm/{confirm}")}, {"pending": {}},
    ),
}  # fmt: skip

_READ, _PART, _JOB = "reads", "a part of acts that have a row", "a job: its ledger is its log"
NO_ACTS: dict[str, str] = {
    **dict.fromkeys(
        ["audit_acts.search", "corrections.load_corrections", "backfill_acts.load_shown", "coverage_acts.load_coverage",
         "coverage_acts.load_holes", "coverage_acts.watched_line", "alarm_acts.count_alarms",
         "explain.explain", "explain.explain_all", "late_acts.find_late", "naming.find_post",
         "naming.find_post_to_change", "naming.find_post_of_document", "decision_parts.parse_relation",
         "decision_parts.find_other", "decision_shapes.decisions_shown", "naming.find_subscriptions", "naming.find_subscription",
         "naming.find_unit", "naming.find_delivery", "naming.find_token", "optin.read_question",
         "optin.persons_own", "optin.read_restore", "own_data.preview_filters",
         "own_data.find_own_data", "preview_acts.newest_payload", "post_shapes.digests_kept",
         "post_shapes.show_posts", "post_shapes.show_whole_post", "publish.payload_of",
         "publish.find_duplicates", "publish.match_all", "receipt_acts.find_receipt_subject",
         "silences.undecided", "silences.list_silences", "subscription_acts.own", "subscription_acts.find_same",
         "succession_acts.plan_succession", "todays_work.load_work", "todays_work.load_directives",
         "todays_work.load_open_receipts", "undo_acts.load_removed", "unit_acts.deaf_units", "feed_catalogue.load_specs",
         "hub_acts.parse_topic", "portal_acts.changed_at", "unit_link.link_of_token",
         "unit_link.open_unit",
         "mail_state.operator_unread_since", "mail_state.has_mail", "mail_state.why_no_mail", "lost_names.find_lost_names", "lost_names.find_lost_portals"],
        _READ,
    ),
    **dict.fromkeys(
        ["audit_acts.record", "overruling_acts.publish_as_decided", "loss_acts.tell_unit_changed",
         "loss_acts.tell_subscription_changed",
         "loss_acts.tell_unit_gone", "loss_acts.tell_unit_back", "loss_acts.tell_dead_contact",
         "hub_losses.tell_lease_ended", "unit_letters.queue_letters", "loss_acts.tell_erased", "loss_acts.tell_token_lost", "loss_acts.ask_erasure",
         "operator.tell_operator", "optin.ask_consent", "publish.write_change", "relation_acts.relate",
         "relation_acts.relate_as_decided",
         "reminder_parts.ask_hooks", "reminders.remind_unit"],
        _PART,
    ),
    **dict.fromkeys(
        ["address_acts.tell_unmailable", "loss_acts.tell_asks_nothing", "alarm_acts.tell_alarms", "backfill_acts.run_next", "bounce_acts.apply_refusals",
         "bounce_acts.probe_suspended", "daily.tell_decisions", "digest_acts.send_digests",
         "late_acts.tell_late", "loss_acts.tell_losses", "outage_acts.tell_outages",
         "reminders.remind_in_time", "reminders.remind", "urgent_reminders.remind_urgent",
         "hub_acts.end_leases", "hub_acts.deny_gone", "hub_losses.tell_leases_back", "hearing_again.tell_returns", "hearing_again.tell_living_contacts",
         "look_acts.run_looks", "token_acts.revoke_ended"],
        _JOB,
    ),
    "bounce_acts.apply_bounce": "of a machine that returns mail: test_mail_bounces, one row for each"
    " subscription that is suspended",
    "backfill_acts.run_now": "`ask`, and the job at once: test_backfill, test_backfill_asked",
    "hub_acts.deny": "a part of `subscription_acts.remove`, and of a job: test_hub",
    "hub_acts.confirm": "what a callback answered, which the ledger brings: test_hub",
}  # fmt: skip
"""What is public in `service.services`, takes a database, and is no act of a row above."""

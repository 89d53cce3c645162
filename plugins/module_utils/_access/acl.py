# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POSIX access lists: what they allow, and how to add and remove the entry of one user. Formats:
acl(5), getfacl(1)."""

from __future__ import annotations

import re
from typing import Dict, Iterable, NamedTuple

# Permissions, such as V(r-x), by tag: V(user:), V(user:950), V(group:), V(mask:), V(other:).
Entries = Dict[str, str]


class Acl(NamedTuple):
    """owner, group: numeric; default: the default access list of a directory."""

    owner: int
    group: int
    entries: Entries
    default: Entries


_ENTRY = re.compile(r"(default:)?((?:user|group):\d*|mask:|other:):?([r-][w-][x-])\Z")
_OWNER = re.compile(r"# (owner|group): (\d+)\Z")
_BITS = "rwx"
_NONE = "---"


class AclError(ValueError):
    """Text that is not an access list, or an entry that cannot be added without giving others
    more."""


def parse_acl(lines: Iterable[str]) -> Acl:
    """The Acl in what C(getfacl -n -E) prints. Raises AclError."""
    found: dict[str, int] = {}
    entries: Entries = {}
    default: Entries = {}
    for line in lines:
        owner, entry = _OWNER.match(line), _ENTRY.match(line)
        if owner:
            found[owner.group(1)] = int(owner.group(2))
        elif entry:
            (default if entry.group(1) else entries)[entry.group(2)] = entry.group(3)
        elif line and not line.startswith("# "):
            raise AclError(f"not an entry: {line[:200]!r}")
    if len(found) < 2 or not {"user:", "group:", "other:"} <= set(entries):
        raise AclError("an access list without owner, group or one of their entries")
    return Acl(found["owner"], found["group"], entries, default)


def acl_of_mode(owner: int, group: int, mode: int) -> Acl:
    """The Acl that a file has without one of its own."""
    entries = {}
    for tag, shift in (("user:", 6), ("group:", 3), ("other:", 0)):
        given = mode >> shift
        entries[tag] = "".join(
            bit if given & value else "-" for bit, value in zip(_BITS, (4, 2, 1))
        )
    return Acl(owner, group, entries, {})


def allows(acl: Acl, uid: int, gids: Iterable[int], bit: str) -> str | None:
    """By which entry a user other than root gets a permission, V(owner), V(acl), V(group) or
    V(other). None where the user does not get it."""
    entries, mask = acl.entries, acl.entries.get("mask:", _BITS)
    named = entries.get(_user(uid))
    if uid == acl.owner:
        return "owner" if bit in entries["user:"] else None
    if named is not None:
        return "acl" if bit in named and bit in mask else None
    groups = [("group", entries["group:"])] if acl.group in gids else []
    groups += [("acl", entries[f"group:{gid}"]) for gid in gids if f"group:{gid}" in entries]
    if groups:
        return next((by for by, permissions in groups if bit in permissions and bit in mask), None)
    return "other" if bit in entries["other:"] else None


def with_user(entries: Entries, uid: int, bit: str) -> Entries:
    """The entries with a permission for a user. Raises AclError where the mask would have to
    give others more than they have."""
    mask = entries.get("mask:", entries["group:"])
    if bit not in mask:
        gaining = [
            tag
            for tag, permissions in entries.items()
            if _is_masked(tag) and tag != _user(uid) and bit in permissions
        ]
        if gaining:
            raise AclError(
                f"its mask keeps {bit} from {', '.join(sorted(gaining))}, who would get it, too"
            )
    return dict(
        entries,
        **{_user(uid): _union(entries.get(_user(uid), _NONE), bit), "mask:": _union(mask, bit)},
    )


def without_user(
    entries: Entries, uid: int, bit: str, before: str | None, mask: str | None
) -> Entries:
    """The entries as they were before with_user: before, the user's entry, and mask, both None
    where there was none.

    Never gives anything: of an entry that was there before, only the permission is taken, and a
    mask only becomes narrower."""
    if _user(uid) not in entries:
        return entries
    kept = dict(entries)
    own = kept.pop(_user(uid))
    if before is not None:
        kept[_user(uid)] = own if bit in before else own.replace(bit, "-")
    if mask is not None:
        if entries["mask:"] == _union(mask, bit):
            kept["mask:"] = mask
    elif not any(_is_named(tag) for tag in kept):
        # The group's entry has no mask then, and must not give more than it gave under it.
        kept["group:"] = "".join(
            here if here in entries["mask:"] else "-" for here in kept["group:"]
        )
        del kept["mask:"]
    return kept


def default_for(uid: int) -> Entries:
    """A default access list: the owner and this user can read what is made in the directory."""
    return {"user:": "rwx", "group:": _NONE, "other:": _NONE, _user(uid): "r--", "mask:": "r--"}


def permissions_of(entries: Entries, uid: int) -> str | None:
    """The permissions in a user's entry. None without one."""
    return entries.get(_user(uid))


def difference(before: Entries, after: Entries) -> tuple[list[str], list[str]]:
    """The entries to set and those to remove (two lists), as setfacl takes them."""
    changed = [
        "{}:{}".format(*entry) for entry in after.items() if before.get(entry[0]) != entry[1]
    ]
    return changed, [tag for tag in before if tag not in after]


def shown(entries: Entries) -> str:
    """The entries as text in parentheses: ansible-doc takes a word before a double colon for a
    directive of reStructuredText."""
    return "(" + (",".join(map(":".join, sorted(entries.items()))) or "none") + ")"


def _user(uid: int) -> str:
    return f"user:{uid}"


def _is_named(tag: str) -> bool:
    return tag.startswith(("user:", "group:")) and not tag.endswith(":")


def _is_masked(tag: str) -> bool:
    return tag == "group:" or _is_named(tag)


def _union(permissions: str, bit: str) -> str:
    return "".join(here if here in permissions or here == bit else "-" for here in _BITS)

# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""POSIX access lists: what they allow, and how one user's entry comes in and goes out again.
Formats: acl(5), getfacl(1)."""

from __future__ import annotations

import collections
import re

# owner, group: numeric; entries, default: permissions (str such as V(r-x)) by tag, V(user:),
# V(user:950), V(group:), V(mask:), V(other:).
Acl = collections.namedtuple("Acl", "owner group entries default")

_ENTRY = re.compile(r"(default:)?((?:user|group):\d*|mask:|other:):?([r-][w-][x-])\Z")
_OWNER = re.compile(r"# (owner|group): (\d+)\Z")
_BITS = "rwx"
_NONE = "---"


class AclError(ValueError):
    """Text that is no access list, or an entry that cannot come in without opening the file to
    others."""


def parse_acl(lines):
    """The Acl in what C(getfacl -n -E) prints. Raises AclError."""
    found = {"owner": None, "group": None}
    entries, default = {}, {}
    for line in lines:
        owner, entry = _OWNER.match(line), _ENTRY.match(line)
        if owner:
            found[owner.group(1)] = int(owner.group(2))
        elif entry:
            (default if entry.group(1) else entries)[entry.group(2)] = entry.group(3)
        elif line and not line.startswith("# "):
            raise AclError(f"not an entry: {line[:200]!r}")
    if None in found.values() or not {"user:", "group:", "other:"} <= set(entries):
        raise AclError("an access list without owner, group or one of their entries")
    return Acl(found["owner"], found["group"], entries, default)


def acl_of_mode(owner, group, mode):
    """The Acl that a file has without one of its own."""
    tags = (("user:", 6), ("group:", 3), ("other:", 0))
    return Acl(
        owner,
        group,
        {
            tag: "".join(
                bit if mode >> shift & 4 >> place else "-" for place, bit in enumerate(_BITS)
            )
            for tag, shift in tags
        },
        {},
    )


def allows(acl, uid, gids, bit):
    """By which entry a user other than root gets a permission, V(owner), V(acl), V(group) or
    V(other). None where he does not get it."""
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


def with_user(entries, uid, bit):
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


def without_user(entries, uid, bit, before, mask):
    """The entries as they were before with_user: before, the user's entry, and mask, both None
    where there was none.

    Never gives anything: of an entry that was there before, only the permission is taken, and a
    mask only becomes narrower."""
    if _user(uid) not in entries:
        return entries
    left = {tag: permissions for tag, permissions in entries.items() if tag != _user(uid)}
    if before is not None:
        left[_user(uid)] = (
            entries[_user(uid)] if bit in before else entries[_user(uid)].replace(bit, "-")
        )
    if mask is not None:
        if entries["mask:"] == _union(mask, bit):
            left["mask:"] = mask
    elif not any(_is_named(tag) for tag in left):
        # The group's entry has no mask then, and must not give more than it gave under it.
        left["group:"] = "".join(
            here if here in entries["mask:"] else "-" for here in left["group:"]
        )
        del left["mask:"]
    return left


def default_for(uid):
    """A default access list: what is made in the directory may be read by its owner and this
    user."""
    return {"user:": "rwx", "group:": _NONE, "other:": _NONE, _user(uid): "r--", "mask:": "r--"}


def permissions_of(entries, uid):
    """The permissions in a user's entry. None without one."""
    return entries.get(_user(uid))


def difference(before, after):
    """The entries to set and those to remove (two lists), as setfacl takes them."""
    changed = [
        "{}:{}".format(*entry) for entry in after.items() if before.get(entry[0]) != entry[1]
    ]
    return changed, [tag for tag in before if tag not in after]


def shown(entries):
    """The entries as one line of text."""
    return ",".join("{}:{}".format(*entry) for entry in sorted(entries.items())) or "none"


def _user(uid):
    return f"user:{uid}"


def _is_named(tag):
    return tag.startswith(("user:", "group:")) and not tag.endswith(":")


def _is_masked(tag):
    return tag == "group:" or _is_named(tag)


def _union(permissions, bit):
    return "".join(here if here in permissions or here == bit else "-" for here in _BITS)

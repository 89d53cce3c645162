#!/bin/sh
# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2086 # script.py sets mark, shell and work; a shell may be two words

# Runs work.sh in a process group of its own, takes what it prints until it says that it is done or late, ends the group, and prints one frame.
#
# This shell waits for the marks, not for processes: one that hangs in the kernel cannot be ended, and would hold up the answer. Without a
# temporary file, and without job control, which dash and busybox refuse where there is no terminal.
newline='
'
if ! command -v setsid >/dev/null || ! command -v cksum >/dev/null; then
    echo "mailops-postfix lacks setsid or cksum"
    exit 0
fi
{
    setsid $shell -c "$work" sh "$@" </dev/null 2>/dev/null &
} | {
    group='' body='' state=died
    IFS= read -r group
    while IFS= read -r line; do
        case $line in
        "done $mark" | "late $mark")
            state=${line%% *}
            break
            ;;
        esac
        body=$body$line$newline
    done
    # After either mark the group still exists: its timer sleeps, or it hangs.
    if [ "$state" = late ]; then
        kill -TERM "-$group"
        sleep 1
    fi
    if [ "$state" != died ]; then
        kill -KILL "-$group"
    fi 2>/dev/null
    body=${body}state\ $state
    # shellcheck disable=SC2046 # two numbers
    set -- $(printf '%s' "$body" | cksum)
    printf 'mailops-postfix %s %s %s\n%s\nend %s\n' "$mark" "$1" "$2" "$body" "$mark"
}

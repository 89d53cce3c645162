#!/bin/sh
# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2086 # script.py sets mark, shell and work; a shell may be two words

# Runs work.sh in a process group of its own, takes what it prints until it is done, late or dead, ends the group if need be, and prints one frame.
#
# The shell before the pipe waits for the work, because PID 1 of a container may reap nothing. After a late mark nobody waits for it: what
# hangs in the kernel cannot be ended, and would hold up the answer. Without a temporary file, and without job control, which dash and busybox refuse
# where there is no terminal.
newline='
'
if ! command -v setsid >/dev/null || ! command -v cksum >/dev/null; then
    echo "mailops-postfix lacks setsid or cksum"
    exit 0
fi
{
    setsid $shell -c "$work" sh "$@" </dev/null 2>/dev/null &
    wait
    printf '\ndied %s\n' "$mark" 2>/dev/null
} | {
    group='' waiting='' body='' state=died
    read -r group waiting
    while IFS= read -r line; do
        case $line in
        "done $mark" | "late $mark" | "died $mark")
            state=${line%% *}
            break
            ;;
        esac
        body=$body$line$newline
    done
    # In both cases the group still exists: it hangs, or its timer sleeps.
    case $state in
    late)
        kill -TERM "-$group"
        sleep 1
        kill -KILL "-$group"
        kill -TERM "$waiting"
        ;;
    died) kill -KILL "-$group" ;;
    esac 2>/dev/null
    body=${body}state\ $state
    # shellcheck disable=SC2046 # two numbers
    set -- $(printf '%s' "$body" | cksum)
    [ "$2" ] || {
        echo "mailops-postfix lacks a checksum"
        exit 0
    }
    printf 'mailops-postfix %s %s %s\n%s\nend %s\n' "$mark" "$1" "$2" "$body" "$mark"
}

#!/bin/sh
# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh disable=SC2154,SC2086,SC2034,SC2329 # script.py sets and reads variables, and calls functions; lists are split

# Asks what the module would ask, in the same order, and prints each answer as it came. It judges nothing: the controller does, with the module's own
# functions. Where it cannot see to the letter what the module would see, it says "cannot", and the module is asked.
#
# Arguments: the configuration directories to look into; none for all instances. script.py defines the command lines as functions, such as
# postmulti_list, which call run.

# Prints its words; echo would interpret what is in them.
say() {
    printf '%s\n' "$*"
}

# Ends the work with its timer.
finish() {
    kill "$timer"
    wait "$timer"
    say "done $mark"
    exit
}

# Ends the work; the answer says why the module has to be asked.
cannot() {
    say "cannot $1"
    finish
}

# Finds program $1 in PATH, as the module does.
locate() {
    IFS=:
    for part in $PATH; do
        program=${part%/}/$1
        if [ -x "$program" ] && [ ! -d "$program" ]; then
            unset IFS
            return 0
        fi
    done
    unset IFS
    return 1
}

# Runs a command, through the function $filter if set, and prints path, exit code, stderr and stdout; leaves $rc and $output.
# stderr is taken by the inner substitution and stdout by the outer one, with the exit code behind it, which also keeps the last newlines.
# No command holds the answer's own descriptor, so one that hangs does not hold up the answer.
run() {
    say "run $*"
    rc='' output=''
    if ! locate "$1"; then
        say absent
        return
    fi
    say "program $program"
    shift
    output=$(
        {
            if [ "$filter" ]; then
                errors=$(
                    {
                        {
                            "$program" "$@" 2>&5 3>&- 4>&- 5>&-
                            printf ' %s' "$?" >&5
                        } | "$filter" >&3 4>&- 5>&-
                    } 5>&1
                )
                rc=${errors##* }
                errors=${errors% *}
            else
                errors=$(exec "$program" "$@" 2>&1 >&3 3>&- 4>&-)
                rc=$?
            fi
            [ "${#errors}" -le 65536 ] || errors='' rc=long
            printf 'rc %s\nerr %s\n%s\n' "$rc" "${#errors}" "$errors" >&4
            printf ' %s' "$rc"
        } 3>&1
    )
    rc=${output##* }
    output=${output% *}
    if [ "${#output}" -gt 65536 ]; then
        printf 'out 0\n\n'
        cannot "a command prints more than 64 KiB"
    fi
    printf 'out %s\n%s\n' "${#output}" "$output"
}

# Counts the messages of a listing in JSON by queue. A line that is not a message as Postfix prints it, to the letter, is odd.
count_messages() {
    tr '\000' '\001' | awk '
        BEGIN {
            hex = "[0-9a-fA-F]"
            text = "\"([^\"\\\\\001-\037]|\\\\[\"\\\\/bfnrt]|\\\\u" hex hex hex hex ")*\""
            value = "(" text "|0|[1-9][0-9]*|true|false)"
            recipient = "[{]\"[a-z_]+\": " text "(, \"[a-z_]+\": " text ")*[}]"
            key = "\"(queue_id|arrival_time|message_size|forced_expire|sender)\": "
            message = "^[{]\"queue_name\": \"(maildrop|incoming|active|deferred|hold)\"(, " key value \
                ")*, \"recipients\": [[](" recipient "(, " recipient ")*)?[]][}]$"
        }
        $0 ~ message {
            name = substr($0, 17, 9)
            listed[substr(name, 1, index(name, "\"") - 1)]++
            next
        }
        { odd++ }
        END {
            for (queue in listed) print queue, listed[queue]
            print "odd", odd + 0
        }'
}

# Counts the files that have the same queue, which find prints one after the other. Their names, which may be anything, it does not print.
# The last line shows that uniq has read everything; nobody sees its exit code.
count_lines() {
    uniq -c && say ended
}

# Lists what is of type $1 in the current directory, one per line, with \001 for a newline in a name. The last line shows that the list is complete.
list_here() {
    { find . -maxdepth 1 -type "$1" -print0 2>&1 && printf 'ended\000'; } | tr '\n\000' '\001\n'
}

# Prints the number of files below directory $2, whose real path is $1; $3: how many levels deep. Fails for anything but hashed directories.
pinned() (
    [ "$3" -le 16 ] && cd -P "$2" && [ "$(pwd -P)" = "$1" ] || exit 1
    total=$(list_here f | awk '
        $0 == "ended" { ended = 1; next }
        !/^[.]\// { odd = 1 }
        END { if (ended && !odd) print NR - 1 }')
    [ "$total" ] || exit 1
    names=$(list_here d)
    case $newline$names in *"${newline}ended") ;; *) exit 1 ;; esac
    IFS=$newline
    for name in $names; do
        case $name in
        . | ended) continue ;;
        ./[0-9A-Za-z]) ;;
        *) exit 1 ;;
        esac
        below=$(pinned "$1/${name#./}" "$name" $(($3 + 1))) || exit 1
        total=$((total + below))
    done
    echo "$total"
)

# Counts the files in the queues below $1, or says which of them is closed to this user.
#
# Root must not follow what the mail owner puts in place of a directory. GNU find opens each directory in the one above it and follows no link, as
# the module does (fts(3), O_NOFOLLOW). busybox opens by path, and others are not known: there this shell enters each directory first, sees by
# its real path that it is where it should be, and has find look no further than ".", which cannot be replaced any more.
count_files() {
    above=${1%/}
    set --
    for queue in $queues; do
        if [ -L "$above/$queue" ] || [ ! -d "$above/$queue" ]; then cannot 'a queue is not a directory'; fi
        if [ ! -r "$above/$queue" ]; then
            say "closed $above/$queue"
            return 1
        fi
        set -- "$@" "$above/$queue"
    done
    filter=count_lines
    find_queues "$@"
    filter=''
    [ "$rc" != 0 ] || return 0
    # Others than GNU find do not know all of these words, and have not begun.
    # shellcheck disable=SC2185 # nothing is searched
    case $(find --version 2>/dev/null) in *GNU*) return 0 ;; esac
    how='say run'
    find_queues "$@"
    how=run
    real=$(cd -P "$above/" && pwd -P) || cannot 'the queue directory cannot be entered'
    output=''
    for queue in $queues; do
        number=$(pinned "${real%/}/$queue" "$above/$queue" 0) || cannot 'a queue has other directories than hashed ones'
        output="$output$number f 1 $above/$queue$newline"
    done
    output=${output}ended$newline
    printf 'program find\nrc 0\nerr 0\n\nout %s\n%s\n' "${#output}" "$output"
}

# Shows what tells whether a master runs: the pid file, the kernel's locks on it, and, without a lock, whether the process that it names lives.
# The kernel hands out a long table in pieces and may skip a lock between two of them, so one is only missing if several reads lack it.
look_for_master() {
    file=${1%/}/pid/master.pid
    stat_file "$file"
    [ "$rc" = 0 ] || return 0
    inode=${output#* }
    inode=${inode%% *}
    reads=0
    while [ "$reads" -lt "$lock_reads" ]; do
        reads=$((reads + 1))
        locks=$(awk -v inode="$inode" '
            { size += length($0) + 1 }
            index($0, ":" inode " ") || !/^[0-9]+:( +->| (FLOCK|POSIX|OFDLCK|LEASE|ACCESS|DELEG) )/
            END { print "size", size + 0 }' </proc/locks) || cannot 'there is no table of locks'
        case $locks in *":$inode "*) break ;; esac
        [ "${locks##*size }" -ge "$lock_piece" ] || break
    done
    case $locks in
    *":$inode "*) holder=unseen ;;
    *)
        holder=odd pid=''
        if [ ! -r "$file" ]; then
            holder=closed
        elif [ -f "$file" ] && read -r pid dummy <"$file"; then
            case $pid in
            '' | *[!0-9]*) ;;
            *) [ -d "/proc/$pid" ] || holder=gone ;;
            esac
        fi
        ;;
    esac
    printf 'locks %s\n%s\nfile %s\nholder %s\n' "${#locks}" "$locks" "$file" "$holder"
}

# Counts in queue directory $1 of the instance with configuration directory $2, which is empty for the default instance.
count() {
    if [ "$method" != postqueue ] && count_files "$1"; then return; fi
    [ "$method" != find ] || return 0
    filter=count_messages
    postqueue_json "$2"
    filter=''
}

# Looks at the instance with configuration directory $1, which is empty for the default instance.
visit() {
    postconf_values "$1"
    [ "$rc" = 0 ] || return 0
    directory=${output#*"$newline"}
    directory=${directory#*"$newline"}
    directory=${directory%"$newline"}
    case $directory in
    *"$newline"*) cannot 'postconf prints other lines than asked for' ;;
    /*) ;;
    *) cannot 'a queue directory is not an absolute path' ;;
    esac
    count "$directory" "$1"
    look_for_master "$directory"
}

# Whether $1 is another directory than those before it; prints its real path. The first needs none if it is the only one.
is_new() {
    [ "$several" ] || return 0
    real=$(cd -P "$1" && pwd -P) || cannot 'a configuration directory cannot be entered'
    printf 'real %s\n%s\n' "$1" "$real"
    case $newline$seen in
    *"$newline$real$newline"*) return 1 ;;
    esac
    seen=$seen$real$newline
}

# Visits the instance with configuration directory $1, if it is new and enabled ($2: yes or no). The first needs no -c.
take() {
    is_new "$1" || return 0
    default=$first
    first=''
    if [ "$2" = no ]; then return; fi
    if [ "$default" ]; then visit ''; else visit "$1"; fi
}

visit_listed() {
    case $output in *"$newline"?*) several=yes ;; esac
    IFS=$newline
    set -- $output
    unset IFS
    for line in "$@"; do
        enabled=yes
        case $line in *" n "*/*) enabled=no ;; esac
        take "/${line#*/}" "$enabled"
    done
}

# As the module does where postmulti fails, which it does for all instances for one main.cf that cannot be read.
visit_by_postconf() {
    postconf_directories
    [ "$rc" = 0 ] || return 0
    default='' others=''
    IFS=$newline
    for line in $output; do
        case $line in
        'config_directory = '*) default=${line#*= } ;;
        'multi_instance_directories = '*) others=${line#*= } ;;
        esac
    done
    IFS=' ,'
    set -- "$default" $others
    unset IFS
    [ "$#" -eq 1 ] || several=yes
    for listed in "$@"; do
        postconf_listed "$listed"
        enabled=yes
        if [ "$rc" = 0 ]; then
            case $output in *"multi_instance_enable = "[nN][oO]"$newline"*) enabled=no ;; esac
        fi
        take "$listed" "$enabled"
    done
}

set -f
cd / || exit
newline='
'
search='' filter='' seen='' several='' first=yes how=run
IFS=:
for part in $PATH; do
    case $part in /*) search=$search:$part ;; esac
done
unset IFS
for part in $sbin; do
    case $search: in
    *:"$part":*) ;;
    *) search=$search:$part ;;
    esac
done
PATH=${search#:}
exec 4>&1
echo "$$ $PPID"
(
    sleep "$timeout" &
    nap=$!
    trap 'kill "$nap"' TERM
    if wait "$nap"; then
        trap '' TERM PIPE
        printf '\nlate %s\n' "$mark"
        # Still here: nobody took the mark.
        sleep 5
        kill -KILL "-$$"
    fi
    wait "$nap"
) &
timer=$!
for tool in find uniq tr awk stat sleep; do
    command -v "$tool" >/dev/null || cannot "there is no $tool"
done
say "path $PATH"
# A command that is not reached in time is known by its path all the same.
for tool in postconf postqueue; do
    if locate "$tool"; then say "located $tool $program"; fi
done

if [ "$queue_directory" ]; then
    count "$queue_directory" ''
elif [ "$#" -gt 0 ]; then
    [ "$#" -eq 1 ] || several=yes
    for directory in "$@"; do
        if is_new "$directory"; then visit "$directory"; fi
    done
else
    postmulti_list
    if [ "$rc" = 0 ]; then visit_listed; else visit_by_postconf; fi
fi
finish

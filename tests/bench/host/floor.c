/* Copyright: (c) 2026, the mailops.postfix authors
   GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later */

/* floor DIRECTORY...
   Prints the number of files below the directories. Does no more than it must: one getdents64(2)
   for each buffer that the kernel fills. */

#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static long count(int above, const char *name)
{
    char buffer[32768];
    long files = 0, length;
    int directory = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);

    if (directory < 0)
        err(1, "%s", name);
    while ((length = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < length;) {
            struct entry *entry = (struct entry *) (buffer + at);

            if (entry->type == DT_REG)
                files++;
            else if (entry->type == DT_DIR && strcmp(entry->name, ".") && strcmp(entry->name, ".."))
                files += count(directory, entry->name);
            at += entry->length;
        }
    }
    if (length < 0)
        err(1, "%s", name);
    close(directory);
    return files;
}

int main(int argc, char **argv)
{
    long files = 0;

    for (int which = 1; which < argc; which++)
        files += count(AT_FDCWD, argv[which]);
    printf("%ld\n", files);
    return 0;
}

/* Copyright: (c) 2026, the mailops.postfix authors
   GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
   SPDX-License-Identifier: GPL-3.0-or-later */

/* timed FILE COMMAND...
   Runs a command and writes to FILE its wall time in s and the peak resident memory in KiB of the
   largest process among it and its children (getrusage(2)). In C because a process begins with
   the peak of the one that started it, which is 10 MiB for Python. */

#include <err.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct timespec began, ended;
    struct rusage usage;
    int status;
    pid_t child;
    FILE *file;

    if (argc < 3)
        errx(2, "usage: timed FILE COMMAND...");
    clock_gettime(CLOCK_MONOTONIC, &began);
    child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0) {
        execvp(argv[2], argv + 2);
        err(127, "%s", argv[2]);
    }
    if (wait4(child, &status, 0, &usage) < 0)
        err(1, "wait4");
    clock_gettime(CLOCK_MONOTONIC, &ended);
    file = fopen(argv[1], "w");
    if (!file)
        err(1, "%s", argv[1]);
    fprintf(file, "%.6f %ld\n",
            (double) (ended.tv_sec - began.tv_sec) + (double) (ended.tv_nsec - began.tv_nsec) / 1e9,
            usage.ru_maxrss);
    fclose(file);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

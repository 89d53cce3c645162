# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps what Python compiles of an archive, for a test host's every start of Python.

Ansible sends a module and all that it imports as source in an archive, which Python compiles anew
for each task: a third to half of a task's time on a host. The code that runs is the same. Only root
writes what is kept, since root also runs it."""

import _imp
import marshal
import os
import zipimport

KEPT = "/var/cache/compiled-once"

_compile = zipimport._compile_source


def compile_once(path, source):
    kept = f"{KEPT}/{_imp.source_hash(0, source).hex()}"
    try:
        with open(kept, "rb") as file:
            code = marshal.load(file)
        # The archive has another path each time.
        _imp._fix_co_filename(code, path)
        return code
    except OSError:
        code = _compile(path, source)
    if os.geteuid() == 0:
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            marshal.dump(code, file)
        os.replace(file.name, kept)
    return code


zipimport._compile_source = compile_once

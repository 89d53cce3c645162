# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""repack ARTEFACT SECONDS: make the artefact depend on its content alone, as of that time.

ansible-galaxy lists the files as the file system does, and stamps the archive with the clock.
"""

import gzip
import hashlib
import io
import json
import sys
import tarfile


def read(path: str) -> "dict[str, tuple[tarfile.TarInfo, bytes]]":
    """Return each member of the archive by its name, with its content."""
    with tarfile.open(path) as archive:
        members = {}
        for member in archive.getmembers():
            file = archive.extractfile(member) if member.isfile() else None
            members[member.name] = (member, file.read() if file else b"")
        return members


def main(path: str, seconds: int) -> None:
    """Sort the list of files, adapt the manifest to it, and write the archive anew."""
    members = read(path)
    files = json.loads(members["FILES.json"][1])
    files["files"].sort(key=lambda entry: entry["name"])
    listing = json.dumps(files, indent=1).encode()
    manifest = json.loads(members["MANIFEST.json"][1])
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(listing).hexdigest()
    members["FILES.json"] = (members["FILES.json"][0], listing)
    members["MANIFEST.json"] = (
        members["MANIFEST.json"][0],
        json.dumps(manifest, indent=1).encode(),
    )

    # The manifests first, as ansible-galaxy has them.
    order = sorted(members, key=lambda name: (name != "MANIFEST.json", name != "FILES.json", name))
    with open(path, "wb") as target, gzip.GzipFile("", "wb", fileobj=target, mtime=0) as stream:
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name in order:
                member, content = members[name]
                member.mtime, member.size = seconds, len(content)
                archive.addfile(member, io.BytesIO(content))


main(sys.argv[1], int(sys.argv[2]))

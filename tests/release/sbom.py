# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sbom ARTEFACT SECONDS: print the bill of materials as CycloneDX JSON, as of that time."""

import datetime
import hashlib
import json
import pathlib
import sys
import tarfile
import uuid

import yaml
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL


def sha256(content: bytes) -> "list[HashType]":
    """Return the hash of some content as CycloneDX has it."""
    return [HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(content).hexdigest())]


def main(path: str, seconds: int) -> None:
    """Name the collection with each of its files, and ansible-core, the one thing that it needs."""
    with tarfile.open(path) as archive:
        contents = {
            member.name: archive.extractfile(member).read()
            for member in archive.getmembers()
            if member.isfile()
        }
    about = json.loads(contents["MANIFEST.json"])["collection_info"]
    name = f"{about['namespace']}.{about['name']}"
    needs = yaml.safe_load(contents["meta/runtime.yml"])["requires_ansible"]
    licences = [LicenseFactory().make_from_string(text) for text in about["license"]]
    artefact = pathlib.Path(path).read_bytes()

    collection = Component(
        name=name,
        version=about["version"],
        description=about["description"],
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}-{about['version']}",
        licenses=licences,
        hashes=sha256(artefact),
        components=[
            Component(name=file, type=ComponentType.FILE, bom_ref=file, hashes=sha256(content))
            for file, content in sorted(contents.items())
        ],
    )
    core = Component(
        name="ansible-core",
        description=f"{needs}; not part of the collection",
        type=ComponentType.APPLICATION,
        bom_ref="ansible-core",
        purl=PackageURL("pypi", name="ansible-core"),
    )
    bom = Bom(components=[core])
    bom.metadata.component = collection
    # The same artefact has the same bill.
    bom.metadata.timestamp = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(artefact).hexdigest())
    bom.register_dependency(collection, [core])

    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        sys.exit(f"sbom: not valid CycloneDX: {error}")
    print(text)


main(sys.argv[1], int(sys.argv[2]))

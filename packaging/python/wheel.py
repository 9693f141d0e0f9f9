#!/usr/bin/env python3
"""Makes wheels of the archives of a release: the program, its manual pages and its completions.

    packaging/python/wheel.py ARCHIVE...     writes each wheel beside its archive
"""

import base64
import hashlib
import re
import struct
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# Where shells look for completions below a prefix.
COMPLETIONS = {
    "keysweep.bash": "share/bash-completion/completions/keysweep",
    "keysweep.fish": "share/fish/vendor_completions.d/keysweep.fish",
    "keysweep.zsh": "share/zsh/site-functions/_keysweep",
}
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]


def is_static(program):
    """Whether a program for Linux names no loader (PT_INTERP), so that it brings its C library along."""
    start, size, count = struct.unpack_from("<Q", program, 32)[0], *struct.unpack_from("<HH", program, 54)
    kinds = (struct.unpack_from("<I", program, start + size * number)[0] for number in range(count))
    return 3 not in kinds


def platform(system, arch, program):
    """The tag of the platforms that the program runs on."""
    arch = {"arm64": "aarch64"}.get(arch, arch)
    if system == "macos":
        return "macosx_11_0_arm64" if arch == "aarch64" else "macosx_10_12_x86_64"
    if system == "windows":
        return "win_arm64" if arch == "aarch64" else "win_amd64"
    if is_static(program):
        return f"manylinux_2_17_{arch}.musllinux_1_1_{arch}"
    # It runs where the C library is at least as new as the newest symbol that it takes from there.
    major, minor = max((int(a), int(b)) for a, b in re.findall(rb"GLIBC_(\d+)\.(\d+)", program))
    return f"manylinux_{major}_{minor}_{arch}"


def metadata(version):
    """What package indexes show. The address of the project stands in Cargo.toml, once there is one."""
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = ["Metadata-Version: 2.4", "Name: keysweep", f"Version: {version}"]
    lines += [f"Summary: {project['description']}", f"Keywords: {','.join(project['keywords'])}"]
    lines += [f"License-Expression: {project['license']}"] + [f"License-File: {name}" for name in LICENCES]
    lines += [f"Classifier: {one}" for one in project["classifiers"]]
    lines += [f"Requires-Python: {project['requires-python']}"]
    if "repository" in package:
        lines.append(f"Project-URL: Source, {package['repository']}")
    lines += ["Description-Content-Type: text/markdown", "", (ROOT / project["readme"]).read_text()]
    return "\n".join(lines).encode()


def contents(archive, version):
    """The files of the wheel by name, each with whether it is run, and the tag."""
    stem = archive.name.removesuffix(".tar.gz")
    _, _, system, arch = stem.split("-")
    data, info = f"keysweep-{version}.data", f"keysweep-{version}.dist-info"
    with tarfile.open(archive) as tar:
        read = lambda name: tar.extractfile(f"{stem}/{name}").read()
        names = [member.name.removeprefix(f"{stem}/") for member in tar.getmembers() if member.isfile()]
        binary = "keysweep.exe" if system == "windows" else "keysweep"
        program = read(binary)
        files = {f"{data}/scripts/{binary}": (program, True)}
        for name in names:
            if name.startswith("man/man1/"):
                files[f"{data}/data/share/{name}"] = (read(name), False)
        for name, place in COMPLETIONS.items():
            files[f"{data}/data/{place}"] = (read(f"completions/{name}"), False)
        for name in LICENCES:
            files[f"{info}/licenses/{name}"] = (read(name), False)
    tag = f"py3-none-{platform(system, arch, program)}"
    parts = tag.split("-")
    tags = "".join(f"Tag: py3-none-{one}\n" for one in parts[2].split("."))
    files[f"{info}/WHEEL"] = (f"Wheel-Version: 1.0\nGenerator: keysweep\nRoot-Is-Purelib: false\n{tags}".encode(), False)
    files[f"{info}/METADATA"] = (metadata(version), False)
    return files, tag


def write(archive):
    """Writes the wheel of an archive, the same for the same archive."""
    version = archive.name.split("-")[1]
    files, tag = contents(archive, version)
    record = f"keysweep-{version}.dist-info/RECORD"
    digest = lambda content: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    lines = [f"{name},sha256={digest(content)},{len(content)}" for name, (content, _) in files.items()]
    files[record] = ("\n".join([*lines, f"{record},,", ""]).encode(), False)
    wheel = archive.parent / f"keysweep-{version}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as out:
        for name, (content, is_run) in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if is_run else 0o100644) << 16
            out.writestr(entry, content)
    print(wheel)


if __name__ == "__main__":
    for path in sys.argv[1:]:
        write(Path(path))

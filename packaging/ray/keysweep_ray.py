"""Sweeps many git repositories with keysweep on a Ray cluster.

A line of a list (or all lines of one network of forks) is a task, and a task comes to one report in JSON Lines, which the
driver writes whole or not at all. The program does the rest: it fetches, sweeps within limits, and puts the reports together.
Nothing of a report is printed, for what workers print ends in logs of the cluster.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

import ray
from ray import cloudpickle

# Tasks bring their code along, so that a node needs keysweep and git, and nothing of this module.
cloudpickle.register_pickle_by_value(sys.modules[__name__])  # type: ignore[no-untyped-call]

# A URL with a user and a password, or with a token in place of the user.
_CREDENTIALS = re.compile(r"^(https?|ftps?)://[^/\s]*@|^[a-z+]+://[^/\s@]*:[^/\s@]*@")


@dataclass(frozen=True)
class Limits:
    """What one task may take."""

    seconds: int = 3600
    mebibytes: int | None = None
    # How often Ray starts a task again whose worker or node was lost.
    retries: int = 2


@dataclass
class Result:
    """What became of the tasks."""

    swept: int = 0
    resumed: int = 0
    # The lines of the list without a report, each with the reason.
    failed: dict[str, str] = field(default_factory=dict)


def tasks(text: str) -> list[str]:
    """The lines of a list, those of one network together; each is what one task sweeps."""
    networks: dict[str, list[str]] = {}
    found: list[list[str]] = []
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if _CREDENTIALS.match(line):
            # The arguments of a task are kept by the cluster, and its dashboard shows them.
            raise ValueError(
                "a URL of the list holds a user or password; leave it out, and configure a credential helper of git on the nodes"
            )
        cells = [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()
        network = cells[2] if len(cells) > 2 else ""
        if network and network in networks:
            networks[network].append(line)
            continue
        found.append([line])
        if network:
            networks[network] = found[-1]
    return ["\n".join(lines) + "\n" for lines in found]


def _report(out: Path, task: str) -> Path:
    return out / "reports" / f"{hashlib.sha256(task.encode()).hexdigest()[:24]}.jsonl"


def is_whole(report: bytes) -> bool:
    """Whether a report ends with a summary that knows of no gap."""
    last = report.rstrip(b"\n").rsplit(b"\n", 1)[-1]
    try:
        summary = json.loads(last)
    except ValueError:
        return False
    return isinstance(summary, dict) and summary.get("type") == "summary" and summary.get("gaps") == 0


def _check(folder: Path) -> None:
    """Refuses a folder whose reports somebody else can have written: they would be taken for those of an earlier call."""
    what = folder.lstat()
    is_own = stat.S_ISDIR(what.st_mode) and what.st_uid == os.geteuid() and not what.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if not is_own:
        raise PermissionError(f"'{folder}' is a link, belongs to another user or may be written to by others; name a new folder")


def _write(path: Path, report: bytes) -> None:
    """Writes a file whole or not at all, for its owner alone."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".keysweep-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(report)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def run_one(task: str, program: str, limits: Limits) -> tuple[bytes | None, str]:
    """Sweeps what a task names on this machine; returns the report, or why there is none."""
    try:
        with tempfile.TemporaryDirectory(prefix="keysweep-") as folder:
            listed, out = Path(folder, "list.txt"), Path(folder, "out")
            listed.write_text(task)
            command = [program, "fleet", "run", str(listed), "--out", str(out), "--jobs", "1", "--quiet"]
            command += ["--timeout", str(limits.seconds)]
            if limits.mebibytes is not None:
                command += ["--memory", str(limits.mebibytes)]
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            reports = sorted((out / "reports").glob("*.jsonl")) if out.is_dir() else []
            if len(reports) == 1:
                return reports[0].read_bytes(), ""
            return None, f"keysweep ended with {ended.returncode} and without a report"
    except OSError as error:
        return None, f"the worker could not sweep it: {error.strerror or 'an error of the system'}"


def sweep(
    listed: Path,
    out: Path,
    *,
    program: str = "keysweep",
    limits: Limits = Limits(),
    in_flight: int | None = None,
) -> Result:
    """Sweeps all of a list, and goes on where an earlier call stopped. Ray has to be initialised."""
    found = tasks(listed.read_text())
    if not found:
        raise ValueError(f"the list '{listed}' names no repository")
    for folder in (out, out / "reports"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A link that somebody names leads to where they want it.
        _check(folder.resolve() if folder == out else folder)
    result = Result()
    waiting: deque[str] = deque()
    for task in found:
        report = _report(out, task)
        if report.is_file() and is_whole(report.read_bytes()):
            result.resumed += 1
        else:
            # What it said before is not known to be true any more.
            report.unlink(missing_ok=True)
            waiting.append(task)
    remote = ray.remote(num_cpus=1, max_retries=limits.retries)(run_one)
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    most = in_flight or max(1, 2 * int(resources.get("CPU", 1)))
    running: dict[ray.ObjectRef[tuple[bytes | None, str]], str] = {}
    while waiting or running:
        while waiting and len(running) < most:
            task = waiting.popleft()
            running[remote.remote(task, program, limits)] = task
        done, _ = ray.wait(list(running), num_returns=1)
        for reference in done:
            task = running.pop(reference)
            try:
                answer, why = ray.get(reference)
            except ray.exceptions.RayError as error:
                # The message of a task may hold anything; the kind of the error does not.
                answer, why = None, f"its worker was lost: {type(error).__name__}"
            if answer is None:
                result.failed[task.strip()] = why
            else:
                _write(_report(out, task), answer)
                result.swept += 1
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Sweeps a list and puts the reports together."""
    parser = argparse.ArgumentParser(prog="keysweep-ray", description="Sweep many repositories with keysweep on a Ray cluster")
    parser.add_argument("list", type=Path, help="a URL or path on each line, as 'keysweep fleet run' reads it")
    parser.add_argument("--out", type=Path, required=True, help="folder for reports")
    parser.add_argument("--program", default=shutil.which("keysweep") or "keysweep", help="keysweep on the nodes")
    parser.add_argument("--address", help="the cluster [default: what RAY_ADDRESS says, or one on this machine]")
    parser.add_argument("--timeout", type=int, default=3600, metavar="SECONDS")
    parser.add_argument("--memory", type=int, metavar="MIB")
    parser.add_argument("--retries", type=int, default=2)
    parser.add_argument("merge", nargs="*", metavar="-- OPTION", help="options of 'keysweep fleet merge'")
    options = parser.parse_args(arguments)
    ray.init(address=options.address, log_to_driver=False, ignore_reinit_error=True)
    limits = Limits(options.timeout, options.memory, options.retries)
    result = sweep(options.list, options.out, program=options.program, limits=limits)
    for line, why in sorted(result.failed.items()):
        print(f"keysweep-ray: not read: {line.splitlines()[0]}: {why}", file=sys.stderr)
    print(f"keysweep-ray: {result.swept} swept, {result.resumed} done before, {len(result.failed)} failed", file=sys.stderr)
    command = [options.program, "fleet", "merge", str(options.out / "reports"), "--list", str(options.list), *options.merge]
    return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())

"""keysweep_ray against a real cluster of two workers on this machine, and real repositories.

KEYSWEEP names the program; `pip install ray pytest`, then `pytest packaging/ray`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import string
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
import ray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import keysweep_ray  # noqa: E402

PROGRAM = os.environ.get("KEYSWEEP", "keysweep")
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def token(seed: int) -> str:
    """A classic GitHub token of nobody, with a right checksum."""
    body = "".join(random.Random(seed).choices(BASE62, k=30))
    number, check = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        check = BASE62[digit] + check
    return f"ghp_{body}{check:0>6}"


@pytest.fixture(scope="module", autouse=True)
def cluster():
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """Six repositories, of which two share a secret, and one that is not there."""
    lines = []
    for number in range(6):
        folder = tmp_path / f"r{number}"
        git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "-C", str(folder)]
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        (folder / "config.env").write_text(f"TOKEN={token(number // 2)}\n" if number < 4 else "nothing\n")
        subprocess.run([*git, "add", "--all"], check=True)
        date = {"GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z"}
        subprocess.run([*git, "commit", "--quiet", "-m", "start"], check=True, env={**os.environ, **date})
        lines.append(f"{folder} github.com/acme/r{number}")
    path = tmp_path / "list.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def inventory(folder: Path, listed: Path) -> tuple[int, bytes]:
    command = [PROGRAM, "fleet", "merge", str(folder), "--list", str(listed), "--format", "jsonl"]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return ended.returncode, ended.stdout


def by_fleet_run(tmp_path: Path, listed: Path) -> tuple[int, bytes]:
    out = tmp_path / "alone"
    subprocess.run([PROGRAM, "fleet", "run", str(listed), "--out", str(out), "--quiet"], stderr=subprocess.DEVNULL)
    return inventory(out, listed)


def test_a_cluster_comes_to_the_inventory_of_one_machine(tmp_path: Path, listed: Path, capfd) -> None:
    result = keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    assert (result.swept, result.failed) == (6, {})
    expected = by_fleet_run(tmp_path, listed)
    assert expected[0] == 1
    assert inventory(tmp_path / "out", listed) == expected
    again = keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    assert (again.swept, again.resumed) == (0, 6)
    said = capfd.readouterr()
    assert "config.env" not in said.out + said.err and "ghp_" not in said.out + said.err


def test_a_worker_that_is_killed_changes_nothing(tmp_path: Path, listed: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text(f'#!/bin/sh\nsleep 0.3\nexec "{PROGRAM}" "$@"\n')
    slow.chmod(0o755)

    def kill() -> None:
        for _ in range(3):
            time.sleep(0.4)
            for pid in worker_pids():
                try:
                    os.kill(pid, signal.SIGKILL)
                    break
                except ProcessLookupError:
                    continue

    killer = threading.Thread(target=kill)
    killer.start()
    result = keysweep_ray.sweep(listed, tmp_path / "out", program=str(slow), limits=keysweep_ray.Limits(retries=10))
    killer.join()
    assert result.failed == {}
    assert inventory(tmp_path / "out", listed) == by_fleet_run(tmp_path, listed)


def worker_pids() -> list[int]:
    """Workers of this cluster that run a task right now."""
    return [pid for pid, parent, words in processes() if words.startswith("ray::run_one") and parent]


def processes() -> list[tuple[int, int, str]]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        found.append((int(folder.name), parent, words))
    return found


def test_what_cannot_be_swept_is_named(tmp_path: Path, listed: Path) -> None:
    listed.write_text(listed.read_text() + f"{tmp_path}/absent github.com/acme/absent\n")
    poison = tmp_path / "poison"
    # A program that takes its worker along whenever it meets one of the repositories.
    poison.write_text(f'#!/bin/sh\ngrep -q acme/r5 "$3" && kill -9 "$PPID"\nexec "{PROGRAM}" "$@"\n')
    poison.chmod(0o755)
    result = keysweep_ray.sweep(listed, tmp_path / "out", program=str(poison), limits=keysweep_ray.Limits(retries=1))
    assert len(result.failed) == 1 and "acme/r5" in next(iter(result.failed))
    code, text = inventory(tmp_path / "out", listed)
    lines = [json.loads(line) for line in text.splitlines()]
    unread = [line["name"] for line in lines if line["type"] == "repository" and not line["is_read"]]
    assert (code, unread) == (2, ["github.com/acme/absent", "github.com/acme/r5"])
    # The list is finished later with a program that does not die.
    keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    code, text = inventory(tmp_path / "out", listed)
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["name"] for line in lines if line["type"] == "repository" and not line["is_read"]] == ["github.com/acme/absent"]


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, listed: Path) -> None:
    planted = tmp_path / "out" / "reports"
    planted.mkdir(parents=True)
    planted.chmod(0o770)
    with pytest.raises(PermissionError, match="name a new folder"):
        keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    planted.chmod(0o700)
    assert keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM).swept == 6


def test_a_full_disk_of_the_driver_loses_no_report(tmp_path: Path, listed: Path, monkeypatch) -> None:
    written = keysweep_ray._write
    count = iter(range(100))

    def full(path: Path, report: bytes) -> None:
        if next(count) == 2:
            raise OSError(28, "No space left on device")
        written(path, report)

    monkeypatch.setattr(keysweep_ray, "_write", full)
    with pytest.raises(OSError):
        keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    assert inventory(tmp_path / "out", listed)[0] == 2
    result = keysweep_ray.sweep(listed, tmp_path / "out", program=PROGRAM)
    assert result.resumed == 2 and result.swept == 4
    assert inventory(tmp_path / "out", listed) == by_fleet_run(tmp_path, listed)


def test_lists_are_grouped_by_network_and_hold_no_password() -> None:
    text = "# all\nhttps://h/a a n\nhttps://h/b\n\nhttps://h/c c n\nfolder with blanks\tname\tn\n"
    assert keysweep_ray.tasks(text) == ["https://h/a a n\nhttps://h/c c n\nfolder with blanks\tname\tn\n", "https://h/b\n"]
    for url in ("https://me:word@h/a", "https://word@h/a", "ssh://git:word@h/a"):
        with pytest.raises(ValueError, match="credential"):
            keysweep_ray.tasks(url)
    assert keysweep_ray.tasks("ssh://git@h/a\n") == ["ssh://git@h/a\n"]

#!/usr/bin/env python3
"""Makes the pictures of what keysweep shows, from real runs in a made-up repository whose secrets are drawn here.

    docs/pictures.py KEYSWEEP [FOLDER]

KEYSWEEP is the program to run, FOLDER where the pictures go (docs/pictures, if none is named). Terminals become SVG. The
report for browsers becomes PNG and PDF where Chromium is found: on a wide and a narrow screen, in light and in dark, and on
paper.
"""

import fcntl
import os
import pty
import random
import re
import shutil
import string
import struct
import subprocess
import sys
import tempfile
import termios
import zlib
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS = 92
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
# Foreground colours by their number in an escape sequence, on a dark ground.
COLOURS = {31: "#ff7b72", 32: "#7ee787", 33: "#f2cc60", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea"}
TEXT, FAINT, GROUND = "#e6edf3", "#9aa5b1", "#0d1117"


class Secrets:
    """Values of the right form; the same in every run, so that pictures differ only where the output does."""

    def __init__(self):
        self.random = random.Random(7)

    def draw(self, alphabet, length):
        return "".join(self.random.choices(alphabet, k=length))

    def github(self):
        body = self.draw(BASE62, 30)
        number, digits = zlib.crc32(body.encode()), ""
        for _ in range(6):
            number, digit = divmod(number, 62)
            digits = BASE62[digit] + digits
        return f"ghp_{body}{digits}"

    def stripe(self):
        return "sk_live_" + self.draw(BASE62, 24)

    def password(self):
        return self.draw(BASE62, 20)


class Repository:
    """A repository of its own, which no configuration of this machine reaches."""

    def __init__(self, folder, keysweep):
        self.path = folder / "shop"
        self.path.mkdir()
        (folder / "bin").mkdir()
        (folder / "bin" / "keysweep").symlink_to(keysweep)
        self.env = {
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.env[f"GIT_{role}_NAME"] = "Ann"
            self.env[f"GIT_{role}_EMAIL"] = "ann@shop.example"

    def run(self, *command, day=None, may_fail=False):
        dates = {f"GIT_{role}_DATE": f"{day}T12:00:00Z" for role in ("AUTHOR", "COMMITTER")} if day else {}
        return subprocess.run(
            command, cwd=self.path, env=self.env | dates, check=not may_fail, capture_output=True, text=True
        )

    def commit(self, files, message, day):
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--no-verify", "-m", message, day=day)


def terminal(repository, *command):
    """What a command writes to a terminal."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(repository.path)
        os.execvpe(command[0], command, repository.env)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    output = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # Linux says so when the other end is closed.
            break
        if not chunk:
            break
        output += chunk
    os.waitpid(pid, 0)
    return output.decode()


def lines_of(output):
    """The lines that stay on the screen, each as pieces of text with what colours and weights they have."""
    output = re.sub(r"\x1b\[\?[0-9]+[hl]|\r(?=\n)", "", output)
    # A bar of progress is overwritten and erased.
    output = re.sub(r"[^\n]*(?:\r|\x1b\[[0-9]*[KJA])", "", output)
    lines, codes = [], set()
    for line in output.rstrip().split("\n"):
        pieces = []
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if not part.startswith("\x1b"):
                pieces.append((part, frozenset(codes)))
                continue
            for code in (int(code or 0) for code in part[2:-1].split(";")):
                codes = codes | {code} if code else set()
        lines.append([piece for piece in pieces if piece[0]])
    return lines


def span(text, codes):
    colour = next((COLOURS[code] for code in codes if code in COLOURS), FAINT if 2 in codes else None)
    attributes = (f' fill="{colour}"' if colour else "") + (' font-weight="bold"' if 1 in codes else "")
    return f"<tspan{attributes}>{escape(text)}</tspan>" if attributes else escape(text)


def svg(title, command, output):
    """A picture of a terminal; each piece stands at its column, whatever font there is."""
    size, width, height = 14, 8.43, 20
    lines = [[(f"$ {command}", frozenset({1}))], *lines_of(output)]
    columns = max(COLUMNS, *(sum(len(text) for text, _ in pieces) for pieces in lines))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{columns * width + 32:.0f}" height="{len(lines) * height + 32}" '
        f'role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
        f'<g font-family="ui-monospace, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{size}" '
        f'fill="{TEXT}">',
    ]
    for row, pieces in enumerate(lines):
        column = 0
        for text, codes in pieces:
            # Of several blanks in a row a browser shows one.
            for words in re.finditer(r"\S+(?: \S+)*", text):
                x = 16 + (column + words.start()) * width
                out.append(
                    f'<text x="{x:.1f}" y="{row * height + 30}" textLength="{len(words[0]) * width:.1f}" '
                    f'lengthAdjust="spacingAndGlyphs">{span(words[0], codes)}</text>'
                )
            column += len(text)
    return "\n".join([*out, "</g>", "</svg>", ""])


def fill(repository, secrets):
    """A shop whose history holds what histories hold."""
    repository.run("git", "init", "--quiet", "--initial-branch=main")
    repository.run("git", "init", "--quiet", "--bare", "../shop.git")
    repository.run("git", "remote", "add", "origin", "../shop.git")
    token, database = secrets.github(), secrets.password()
    deploy = f"#!/bin/sh\nexport GITHUB_TOKEN={token}\nmake release\n"
    url = f"DATABASE_URL=postgres://shop:{database}@db.shop.internal:5432/orders\n"
    repository.commit({"README.md": "# Shop\n"}, "Begin", "2026-01-05")
    repository.commit({"deploy.sh": deploy}, "Deploy by script", "2026-01-12")
    repository.commit({"config/.env": url}, "Read the database's address from the environment", "2026-02-02")
    repository.commit({"config/.env": "# moved to the vault\n"}, "Clean up", "2026-02-09")
    repository.run("git", "push", "--quiet", "origin", "main")
    payments = f'const stripe = require("stripe")("{secrets.stripe()}");\n'
    repository.commit({"src/payments.js": payments}, "Take payments", "2026-03-02")
    more = "".join(f"PARTNER_{number}_GITHUB_TOKEN={secrets.github()}\n" for number in range(3))
    repository.commit({"partners.env": more}, "Let partners in", "2026-03-09")


def stopped(repository, secrets):
    """A commit that the hook stops, as its author sees it."""
    repository.run("keysweep", "hook", "install")
    workflow = f"env:\n  GITHUB_TOKEN: {secrets.github()}\n"
    path = repository.path / ".github" / "workflows" / "release.yml"
    path.parent.mkdir(parents=True)
    path.write_text(workflow)
    repository.run("git", "add", "--all")
    return terminal(repository, "git", "commit", "-m", "Release by workflow")


def browse(browser, report, folder):
    """The report as a browser shows and prints it."""
    flags = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    address = report.as_uri()
    for theme, setting in (("light", "1"), ("dark", "0")):
        for width in (390, 1280):
            picture = folder / f"report-{width}-{theme}.png"
            # Headless windows are no narrower than 500 pixels; a frame is as narrow as it is told to be.
            frame = report.with_name("frame.html")
            frame.write_text(
                f'<style>body {{ margin: 0 }}</style><iframe src="{address}" width="{width}" height="1600" '
                'style="border: 0"></iframe>'
            )
            options = [f"--window-size={max(width, 500)},1600", f"--blink-settings=preferredColorScheme={setting}"]
            subprocess.run([*flags, *options, f"--screenshot={picture}", frame.as_uri()], check=True, capture_output=True)
    paper = ["--no-pdf-header-footer", f"--print-to-pdf={folder / 'report.pdf'}"]
    subprocess.run([*flags, *paper, address], check=True, capture_output=True)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    keysweep = Path(sys.argv[1]).resolve(strict=True)
    folder = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).resolve().parent / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        repository, secrets = Repository(Path(temporary), keysweep), Secrets()
        fill(repository, secrets)
        overview = terminal(repository, "keysweep", "history")
        (folder / "overview.svg").write_text(svg("A sweep of a repository's history", "keysweep history", overview))
        report = Path(temporary) / "report.html"
        repository.run("keysweep", "history", "--format", "html", "--output", str(report), may_fail=True)
        hook = stopped(repository, secrets)
        (folder / "hook.svg").write_text(
            svg("A commit that keysweep stops", 'git commit -m "Release by workflow"', hook)
        )
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        if browser:
            browse(browser, report, folder.resolve())
        else:
            print("no Chromium on PATH: the report has no pictures", file=sys.stderr)


if __name__ == "__main__":
    main()

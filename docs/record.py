#!/usr/bin/env python3
"""Renews docs/terminal.svg, the recording in the README: runs commands in a terminal of 112 columns, and draws what they print.

    cargo build -p atera-cli && docs/record.py target/debug/atera

The commands go to sandboxes, whose records are as of the current hour.
"""

import fcntl
import html
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios

COMMANDS = [
    "atera tickets list --customer 'Harbor Dental' --ticket-status Open --limit 4",
    "atera alerts list --where 'Severity=Critical,Created<-3d' --sort -Created --limit 3",
    "atera work-hours list --where 'StartWorkHour=last-month' --group-by TechnicianFullName --sum DurationHours",
    "atera tickets create --from tickets.csv --yes",
    "atera alerts resolve --where 'DeviceName=HE-FILE-01' --yes",
    "atera export --dir backup tickets customers agents",
]
COLUMNS = 112
LINE = 18
# By the numbers of the terminal's first eight colours, and of the bright ones.
COLOURS = ["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0"] * 2


def run(command, environment, folder):
    """What a command prints on a terminal. Lines that it overwrites are left out."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    child = subprocess.Popen(["sh", "-c", command], stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=folder)
    os.close(follower)
    printed = b""
    while True:
        try:
            chunk = os.read(leader, 65536)
        except OSError:  # The terminal is closed.
            break
        if not chunk:
            break
        printed += chunk
    if child.wait() != 0:
        sys.exit(f"{command}: exit code {child.returncode}\n{printed.decode()}")
    lines = printed.decode().replace("\r\n", "\n").split("\n")
    lines = [re.split(r"\r|\x1b\[2K|\x1b\[1A", line)[-1] for line in lines]
    return [line for line in lines if re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).strip()]


def drawn(line):
    """A line as SVG: its colours, and bold."""
    out, style = "", ""
    for part in re.split(r"(\x1b\[[0-9;?]*[a-zA-Z])", line):
        if part.startswith("\x1b"):
            code = part[2:-1] if part.endswith("m") else ""
            colour = re.fullmatch(r"(?:38;5;|3)(\d|1[0-5])", code)
            if code == "1":
                style += ' font-weight="bold"'
            elif colour and code != "39":
                style += f' fill="{COLOURS[int(colour[1])]}"'
            elif code in ("", "0", "22", "39"):
                style = ""
        elif part:
            text = html.escape(part)
            out += f"<tspan{style}>{text}</tspan>" if style else text
    return out


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        rows = "".join(f"Printer {number} is on fire,Please come,12345\n" for number in range(1, 26))
        with open(f"{folder}/tickets.csv", "w") as file:
            file.write("TicketTitle,Description,EndUserID\n" + rows)
        os.symlink(os.path.abspath(binary), f"{folder}/atera")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ATERA_")}
        environment = clean | {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "TERM": "xterm-256color",
            "XDG_STATE_HOME": f"{folder}/state",
            "ATERA_CONFIG": f"{folder}/config.toml",
        }
        shown = []
        for command in COMMANDS:
            shown.append(f'<tspan fill="#7fd4a8">$ {html.escape(command)}</tspan>')
            shown += [drawn(line) for line in run(f"{command} --sandbox", environment, folder)]
            shown.append("")
    width, height = COLUMNS * 8 + 32, len(shown) * LINE + 20
    lines = "\n".join(
        f'<text x="16" y="{28 + LINE * at}" xml:space="preserve" fill="#d7dae0">{line}</text>'
        for at, line in enumerate(shown)
        if line
    )
    title = "atera in a terminal: lists, conditions, totals, tickets from a file, an export"
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "terminal.svg")
    with open(path, "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="13"><title>{title}</title>'
            f'<rect width="{width}" height="{height}" rx="8" fill="#16181d"/>{lines}</svg>\n'
        )


if __name__ == "__main__":
    main(*sys.argv[1:])

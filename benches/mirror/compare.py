#!/usr/bin/env python3
"""What a mirror of a large account costs: requests, time, memory, disk, and the time of queries.

    cargo build --release -p atera-cli
    benches/mirror/compare.py target/release/atera

It starts a sandbox with 100,000 tickets, 20,000 agents, 5,000 customers, 20,000 contacts and 100,000 alerts, without a limit, and
prints

- the first sync: requests by list, time beside that of the limit, highest memory, size of the file, records a second;
- processor time beside dlt, which reads the same lists with its REST source into SQLite, and beside sqlite-utils, which is fed from
  an export of the same records (--python names a Python that has both: pip install 'dlt[sqlalchemy]' sqlite-utils);
- the second sync, after 1 % of the records that the service can change have changed and 0.1 % are gone: requests by list beside
  the pages of the list, and whether each change and deletion was found;
- the queries of reports.sql, the best of five, each with the start of the command.

The machine has to be idle for the times. Exits with 1 if a limit is missed: 100 MB of memory, 100 ms for a query, a tenth of dlt's
processor time.
"""

import argparse
import concurrent.futures
import contextlib
import csv
import datetime
import http.client
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

COUNTS = {"tickets": 100_000, "agents": 20_000, "customers": 5_000, "contacts": 20_000, "alerts": 100_000}
# What the limit lets through in a minute.
LIMIT = 700
PAGE = 50
HERE = os.path.dirname(os.path.abspath(__file__))

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("atera", help="the command, built with --release")
arguments.add_argument("--python", help="a Python with dlt and sqlite-utils, to compare with")
arguments.add_argument("--part", type=float, default=1.0, help="this part of the records, as in 0.01 for a trial")
given = arguments.parse_args()
missed = []


class Run:
    """A program that has ended: its output, and what it took."""

    def __init__(self, command, **settings):
        began = time.monotonic()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
            process = subprocess.Popen(command, stdout=out, stderr=said, **settings)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.wall = time.monotonic() - began
            out.seek(0)
            said.seek(0)
            self.output, self.said = out.read().decode(), said.read().decode()
        self.cpu = used.ru_utime + used.ru_stime
        self.memory = used.ru_maxrss / 1024
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} failed with {process.returncode}: {self.said[-2000:]}")


def limit(what, value, most, unit):
    """Prints a value beside its limit, and notes if it is missed."""
    print(f"{what}: {value:.1f} {unit} (at most {most:.1f})")
    if value > most:
        missed.append(what)


def table(rows, columns):
    """Prints rows under their headings."""
    texts = [columns] + [[f"{row[column]:,}" if isinstance(row[column], int) else str(row[column]) for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in texts) for place in range(len(columns))]
    for line in texts:
        print("  " + "  ".join(text.rjust(width) if place else text.ljust(width) for place, (text, width) in enumerate(zip(line, widths))))


with tempfile.TemporaryDirectory(prefix="atera-mirror-") as work:
    os.chmod(work, 0o700)
    file = os.path.join(work, "account.db")
    environment = {**os.environ, "XDG_STATE_HOME": work, "ATERA_RATE_LIMIT": "off"}
    counts = {kind: max(10, int(count * given.part)) for kind, count in COUNTS.items()}
    named = ",".join(f"{kind}={count}" for kind, count in counts.items())
    settings = os.path.join(work, "sandbox.env")
    sandbox = subprocess.Popen(
        [given.atera, "sandbox", "--port", "0", "--rate-limit", "off", "--count", named, "--env-file", settings],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        # It prints where it is once it listens.
        for line in sandbox.stdout:
            if "ATERA_API_KEY" in line:
                break
        with open(settings) as lines:
            environment.update(line.strip().split("=", 1) for line in lines if "=" in line)
        base = environment["ATERA_BASE_URL"]

        def command(*words):
            return [given.atera, *words]

        def mirror(*words, rows=True):
            run = Run(command("mirror", *words, "--db", file, "-o", "json"), env=environment)
            return run, json.loads(run.output) if rows else None

        print(f"The account: {named}")
        first, lists = mirror("sync")
        records = sum(row["Records"] for row in lists)
        requests = sum(row["Requests"] for row in lists)
        print("\nThe first sync")
        table(
            [{**row, "Pages": -(-row["Records"] // PAGE)} for row in lists],
            ["List", "Records", "Pages", "Requests", "State"],
        )
        size = os.path.getsize(file)
        print(f"{records:,} records, {requests:,} requests, {first.wall:.1f} s without a limit: {records / first.wall:,.0f} records a second")
        print(f"at {LIMIT} requests a minute: {max(0, requests - LIMIT) / LIMIT:.1f} minutes are the limit's own")
        print(f"processor time: {first.cpu:.1f} s; file: {size / 1e6:.0f} MB, {size / records:.0f} bytes a record")
        limit("highest memory", first.memory, 100, "MB")

        if given.python:
            compared = ["tickets", "agents", "customers", "contacts", "alerts"]
            some = os.path.join(work, "some.db")
            words = ["mirror", "sync", "--only", ",".join(compared), "--db", some, "-o", "json"]
            own = Run(command(*words), env=environment)
            dlt = Run(
                [given.python, os.path.join(HERE, "dlt_load.py"), base, os.path.join(work, "dlt.db"), *compared],
                # Several of its workers lock each other out of a file.
                env={**environment, "RUNTIME__DLTHUB_TELEMETRY": "false", "LOAD__WORKERS": "1"},
                cwd=work,
            )
            folder = os.path.join(work, "export")
            exported = Run(command("export", "--dir", folder, "--quiet", *compared), env=environment)
            utils = exported.cpu
            for name in compared:
                words = ["-m", "sqlite_utils", "insert", os.path.join(work, "utils.db"), name, os.path.join(folder, name + ".ndjson"), "--nl", "--alter"]
                utils += Run([given.python, *words]).cpu
            # The comparison counts only if all have the same records.
            for other in ["dlt.db", "utils.db"]:
                with contextlib.closing(sqlite3.connect(os.path.join(work, other))) as database:
                    for name in compared:
                        (count,) = database.execute(f"SELECT count(*) FROM {name}").fetchone()
                        if count != counts[name]:
                            sys.exit(f"{other} has {count} of {counts[name]} {name}")
            print(f"\nProcessor time for {', '.join(compared)}")
            print(f"  atera mirror sync: {own.cpu:.1f} s, {own.memory:.0f} MB, {own.wall:.1f} s in all")
            print(f"  dlt: {dlt.cpu:.1f} s, {dlt.memory:.0f} MB, {dlt.wall:.1f} s in all; atera takes {own.cpu / dlt.cpu:.3f} of its processor time")
            print(f"  atera export and sqlite-utils: {utils:.1f} s; atera mirror takes {own.cpu / utils:.3f} of it")
            limit("atera's part of dlt's processor time", own.cpu / dlt.cpu * 100, 10, "%")

        def ids(table_name, column):
            run, rows = mirror("query", f"SELECT {column} AS id FROM {table_name} WHERE _deleted IS NULL ORDER BY 1", "--quiet")
            return [row["id"] for row in rows]

        def send(jobs):
            """Sends these requests, as another program would."""
            address = urllib.parse.urlsplit(base)

            def part(jobs):
                connection = http.client.HTTPConnection(address.hostname, address.port)
                for method, path, body in jobs:
                    headers = {"X-API-KEY": environment["ATERA_API_KEY"], "Content-Type": "application/json"}
                    connection.request(method, address.path + path, json.dumps(body) if body else None, headers)
                    answer = connection.getresponse()
                    text = answer.read()
                    if answer.status >= 300:
                        raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]}")

            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                list(pool.map(part, [jobs[start::4] for start in range(4)]))

        # What each list can have: a body that changes a record, and records that are deleted.
        changeable = {
            "tickets": ("ticket_id", "/tickets/{}", {"TicketTitle": "Changed"}),
            "customers": ("customer_id", "/customers/{}", {"Notes": "Changed"}),
            "contacts": ("end_user_id", "/contacts/{}", {"MobilePhone": "+44 117 496 0999"}),
            "alerts": ("alert_id", "/alerts/{}", None),
            "agents": ("agent_id", "/agents/{}", None),
        }
        expected = {}
        for name, (column, path, body) in changeable.items():
            all_ids = ids(name, column)
            # A customer that is deleted takes others with it.
            gone = [] if name == "customers" else all_ids[500::1000]
            changed = [id for id in all_ids[::100] if id not in set(gone)] if body else []
            send([("POST", path.format(id), body) for id in changed] + [("DELETE", path.format(id), None) for id in gone])
            expected[name] = (len(changed), len(gone))
        second, lists = mirror("sync")
        print("\nThe second sync, after 1 % changed and 0.1 % went")
        table(
            [{**row, "Pages": -(-row["Records"] // PAGE)} for row in lists],
            ["List", "Changed", "Went", "Pages", "Requests", "Read"],
        )
        requests = sum(row["Requests"] for row in lists)
        print(f"{requests:,} requests: {max(0, requests - LIMIT) / LIMIT:.1f} minutes by the limit; {second.wall:.1f} s without it, {second.memory:.0f} MB")
        for row in lists:
            if row["List"] not in expected:
                continue
            # The service changes and deletes more: the alerts of a machine that is deleted go with it.
            found, made = (row["Changed"], row["Went"]), expected[row["List"]]
            total = int(Run(command(row["List"], "list", "--count"), env=environment).output)
            if any(one < other for one, other in zip(found, made)) or row["Records"] != total:
                print(f"{row['List']}: {found} found, {made} were made; {row['Records']} records, and the service has {total}")
                missed.append(row["List"])

        now = datetime.datetime.now(datetime.timezone.utc)
        ago = lambda days: (now - datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        values = {"now": ago(0), "week_ago": ago(7), "month_ago": ago(30), "year_ago": ago(365)}
        print("\nQueries, the best of five, with the start of the command")
        with open(os.path.join(HERE, "reports.sql")) as sql:
            queries = re.findall(r"^-- name: (.*)\n((?:(?!-- name:).*\n)*)", sql.read(), re.M)
        for name, query in queries:
            words = ["mirror", "query", query, "--db", file, "--quiet", "-o", "csv"]
            for parameter in sorted(set(re.findall(r":(\w+)", query))):
                words += ["--param", f"{parameter}={values[parameter]}"]
            runs = [Run(command(*words), env=environment) for _ in range(5)]
            rows = len(list(csv.reader(io.StringIO(runs[0].output)))) - 1
            limit(f"  {name}, {rows:,} rows", min(run.wall for run in runs) * 1000, 100, "ms")
    finally:
        sandbox.terminate()
        sandbox.wait()
if missed:
    sys.exit(f"missed: {', '.join(missed)}")

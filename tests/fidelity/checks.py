"""Runs the checks of one vendor's client, and prints a line for each."""

import sys


def run(checks, *subject, before=lambda: None):
    """Calls each check with the subject, and ends the program: with 1 if one of them failed."""
    failed = False
    for check in checks:
        name = check.__name__.replace("_", " ")
        before()
        try:
            check(*subject)
            print(f"ok  {name}", flush=True)
        except Exception as error:
            failed = True
            print(f"FAILED  {name}: {error!r}", flush=True)
    before()
    sys.exit(failed)

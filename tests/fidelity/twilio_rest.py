#!/usr/bin/env python3
"""Holds the sandbox's part of Twilio's REST API against Twilio's own library: messages, calls, and what is refused.

    tests/fidelity/twilio_rest.py --url http://127.0.0.1:4010

The account is the one that sandbox/examples/serve.rs knows; one number has opted out there.
"""

import argparse

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

import checks

ACCOUNT = "AC" + "1".zfill(32)
TOKEN = "12345"
OURS, THEIRS, OPTED_OUT = "+15552220000", "+15550001111", "+15550009999"


class Loopback(TwilioHttpClient):
    """Sends to the sandbox what is meant for Twilio."""

    def __init__(self, url):
        super().__init__()
        self.url = url

    def request(self, method, url, **options):
        return super().request(method, url.replace("https://api.twilio.com", self.url), **options)


def client(url, token=TOKEN):
    return Client(ACCOUNT, token, http_client=Loopback(url))


def refused(code, ask):
    try:
        ask()
    except TwilioRestException as error:
        assert error.code == code, error
        return
    raise AssertionError(f"{code} was expected")


def a_message_is_taken(url):
    message = client(url).messages.create(from_=OURS, to=THEIRS, body="You're booked.")
    assert message.sid.startswith("SM") and message.status == "queued" and message.error_code is None, message


def a_call_is_placed(url):
    call = client(url).calls.create(from_=OURS, to=THEIRS, url="https://desk.example.com/x", machine_detection="Enable")
    assert call.sid.startswith("CA") and call.status == "queued" and call.direction == "outbound-api", call


def a_number_that_has_opted_out_gets_none(url):
    refused(21610, lambda: client(url).messages.create(from_=OURS, to=OPTED_OUT, body="You're booked."))


def what_is_no_number_is_refused(url):
    refused(21211, lambda: client(url).messages.create(from_=OURS, to="nobody", body="You're booked."))


def another_token_is_nobodys(url):
    refused(20003, lambda: client(url, "wrong").messages.create(from_=OURS, to=THEIRS, body="Hello."))


CHECKS = [
    a_message_is_taken,
    a_call_is_placed,
    a_number_that_has_opted_out_gets_none,
    what_is_no_number_is_refused,
    another_token_is_nobodys,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", required=True)
    checks.run(CHECKS, arguments.parse_args().url)


if __name__ == "__main__":
    main()

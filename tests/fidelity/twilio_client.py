#!/usr/bin/env python3
"""Holds the sandbox's Twilio against Twilio's own library: the library believes its signatures, and it carries out the
TwiML that the library writes.

    tests/fidelity/twilio_client.py --dial target/debug/examples/dial

A gateway of a few lines is dialled by the sandbox. Needs the library (PyPI: twilio) and the example; tests/fidelity/run
sees to both.
"""

import argparse
import base64
import hashlib
import http.server
import json
import struct
import subprocess
import threading
import urllib.parse

from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Connect, Dial, VoiceResponse

import checks

PUBLIC = "https://voice.example.com"
TOKEN = "12345"
SOCKET_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
VALIDATOR = RequestValidator(TOKEN)


def first_page():
    response, connect = VoiceResponse(), Connect()
    stream = connect.stream(url="wss://voice.example.com/media", name="main")
    stream.parameter(name="ticket", value='a "b" & <c>')
    response.append(connect)
    response.redirect("/voice/resume", method="POST")
    return response


def second_page():
    response = VoiceResponse()
    response.say("Tom & Jerry's caf\u00e9", voice="Polly.Joanna", language="en-US", loop=1)
    response.pause(length=1)
    response.play("https://voice.example.com/audio/hello.wav", loop=1)
    dial = Dial(timeout=20, caller_id="+15550001111", answer_on_bridge=True)
    dial.number("+15551230000")
    response.append(dial)
    response.hangup()
    return response


PAGES = {"/voice": first_page, "/voice/resume": second_page, "/voice/status": VoiceResponse}


class Gateway(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        fields = dict(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        believed = VALIDATOR.validate(PUBLIC + self.path, fields, self.headers["X-Twilio-Signature"])
        self.server.posts.append((self.path, fields, believed))
        page = str(PAGES[self.path]()).encode()
        self.send_response(200)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_GET(self):
        """Takes a media stream, reads its first three messages, and closes it."""
        signature = self.headers["x-twilio-signature"]
        believed = VALIDATOR.validate("wss://voice.example.com" + self.path, {}, signature)
        key = self.headers["sec-websocket-key"] + SOCKET_MAGIC
        self.send_response(101)
        self.send_header("upgrade", "websocket")
        self.send_header("connection", "Upgrade")
        self.send_header("sec-websocket-accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        messages = [json.loads(self.frame()) for _ in range(3)]
        self.server.streams.append((messages, believed))
        self.wfile.write(b"\x88\x02" + struct.pack(">H", 1000))
        self.close_connection = True

    def frame(self):
        """One masked frame with a text (RFC 6455, section 5.2)."""
        kind, length = self.rfile.read(2)
        assert kind == 0x81 and length & 0x80, (kind, length)
        length &= 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self.rfile.read(2))
        mask = self.rfile.read(4)
        return bytes(byte ^ mask[at % 4] for at, byte in enumerate(self.rfile.read(length)))


def call(dial):
    """One call: what was posted, the streams, and what the caller's end noticed."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    server.posts, server.streams = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    command = [dial, "--gateway", address, "--public-url", PUBLIC, "--auth-token", TOKEN]
    output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    server.shutdown()
    return server.posts, server.streams, [json.loads(line) for line in output.splitlines()]


def every_webhook_is_signed_as_the_library_expects(posts, _streams, _events):
    assert [path for path, _, _ in posts] == ["/voice", "/voice/resume", "/voice/status"], posts
    assert all(believed for _, _, believed in posts)


def webhooks_have_the_documented_fields(posts, _streams, _events):
    (_, first, _), _, (_, last, _) = posts
    for name in "AccountSid ApiVersion CallSid CallStatus Called Caller Direction From To FromCountry".split():
        assert name in first, name
    assert first["CallStatus"] == "ringing" and last["CallStatus"] == "completed" and "CallDuration" in last


def the_upgrade_is_signed_as_the_library_expects(_posts, streams, _events):
    assert [believed for _, believed in streams] == [True]


def parameters_of_the_librarys_twiml_arrive(_posts, streams, _events):
    connected, start, media = streams[0][0]
    assert connected == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
    assert start["start"]["customParameters"] == {"ticket": 'a "b" & <c>'}, start
    assert start["sequenceNumber"] == "1" and media["sequenceNumber"] == "2"
    assert len(base64.b64decode(media["media"]["payload"])) == 160


def the_librarys_twiml_is_carried_out_in_order(_posts, _streams, events):
    verbs = [event["detail"] for event in events if event["what"] == "verb"]
    kinds = [verb.split(" ")[0] for verb in verbs]
    assert kinds == ["Redirect", "Say", "Pause", "Play", "Dial", "Hangup"], verbs
    assert "Tom & Jerry's caf\u00e9" in verbs[1] and "+15551230000" in verbs[4], verbs
    assert events[-1]["detail"] == "Completed", events[-1]
    # What comes with every stream that the gateway closes.
    assert [event["detail"][0] for event in events if event["what"] == "warned"] == [31921], events


def the_gateways_close_is_noticed(_posts, _streams, events):
    assert [event["detail"] for event in events if event["what"] == "closed"] == [1000], events


CHECKS = [
    every_webhook_is_signed_as_the_library_expects,
    webhooks_have_the_documented_fields,
    the_upgrade_is_signed_as_the_library_expects,
    parameters_of_the_librarys_twiml_arrive,
    the_librarys_twiml_is_carried_out_in_order,
    the_gateways_close_is_noticed,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--dial", required=True)
    seen = call(arguments.parse_args().dial)
    checks.run(CHECKS, *seen)


if __name__ == "__main__":
    main()

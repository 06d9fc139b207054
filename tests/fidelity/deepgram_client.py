#!/usr/bin/env python3
"""Runs Deepgram's own client against the sandbox's Deepgram: what it can use, and reads as its types say, is faithful.

    tests/fidelity/deepgram_client.py                              builds and starts the sandbox
    tests/fidelity/deepgram_client.py --url http://127.0.0.1:4010  uses one that runs

The client (PyPI: deepgram-sdk) is installed into a virtual environment of its own, target/fidelity or --venv.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CLIENT = "deepgram-sdk==7.17.0"
PHONE = {"encoding": "mulaw", "sample_rate": "8000"}
SILENCE = b"\xff" * 8000
PATIENCE_S = 20


def enter_venv(folder):
    """Goes on in a virtual environment that has the client."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    marker = folder / f".has-{CLIENT}"
    if not marker.exists():
        subprocess.run([python, "-m", "pip", "install", "--quiet", CLIENT], check=True)
        marker.touch()
    if pathlib.Path(sys.prefix) != folder:
        os.execv(python, [str(python), *sys.argv])


def start_sandbox():
    """The sandbox on a free port: its process and address."""
    subprocess.run("cargo build --quiet -p sandbox --features sockets --example serve".split(), cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    # Not by `cargo run`: ending that would leave the server behind.
    command = [target / "debug" / "examples" / "serve", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("listening on "):
            return process, line.split()[2]
    sys.exit("the sandbox did not start")


def client_of(url, key="sandbox-key"):
    from deepgram import DeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    socket_url = url.replace("http", "ws", 1)
    environment = DeepgramClientEnvironment(base=url, production=socket_url, agent=socket_url, agent_rest=url)
    return DeepgramClient(api_key=key, environment=environment)


def clips(folder):
    manifest = json.loads((ROOT / "fixtures" / folder / "manifest.json").read_text())
    for clip in manifest["clips"]:
        clip["audio"] = (ROOT / "fixtures" / folder / f"{clip['id']}.ulaw").read_bytes()
    return {clip["id"]: clip for clip in manifest["clips"]}


def converse(connection, audio, frame, finish):
    """Sends audio in frames and returns everything that came until the socket closed, checked against its types."""
    stopped = threading.Timer(PATIENCE_S, connection._websocket.close)
    stopped.start()

    def send():
        for at in range(0, len(audio), frame):
            connection.send_media(audio[at : at + frame])
        finish()

    sender = threading.Thread(target=send)
    sender.start()
    messages = [checked(message) for message in connection]
    sender.join()
    assert stopped.is_alive(), f"the socket was still open after {PATIENCE_S} s"
    stopped.cancel()
    return messages


def checked(message):
    """The client itself is lenient; this is not: every field its type requires is there and of the right kind."""
    if isinstance(message, bytes):
        return message
    type(message).model_validate(message.model_dump(exclude_unset=True))
    return message


def listening_gives_the_words_of_a_clip(url):
    clip = clips("utterances")["open-tue-10"]
    options = {"interim_results": "true", "endpointing": "300", "utterance_end_ms": "1000", "vad_events": "true"}
    connect = client_of(url).listen.v1.connect
    with connect(model="nova-3", smart_format="true", keyterm=["haircut"], **PHONE, **options) as connection:
        audio = SILENCE + clip["audio"] + SILENCE + SILENCE
        messages = converse(connection, audio, 160, connection.send_close_stream)
    results = [message for message in messages if message.type == "Results"]
    text = lambda result: result.channel.alternatives[0].transcript
    assert " ".join(text(r) for r in results if r.is_final and text(r)) == clip["text"], results
    interims = [text(r) for r in results if not r.is_final and text(r)]
    assert len(interims) >= 2 and all(clip["text"].startswith(t) for t in interims), interims
    spoken = next(r for r in results if r.speech_final)
    words = spoken.channel.alternatives[0].words
    assert [w.punctuated_word for w in words] == clip["text"].split(), words
    assert all(abs(w.start - 1 - said["start"]) < 0.05 for w, said in zip(words, clip["words"])), words
    kinds = [message.type for message in messages]
    assert "SpeechStarted" in kinds and "UtteranceEnd" in kinds and kinds[-1] == "Metadata", kinds


def finalize_gives_what_was_said_so_far(url):
    clip = clips("utterances")["grace"]
    with client_of(url).listen.v1.connect(model="nova-3", endpointing="false", **PHONE) as connection:
        def finish():
            connection.send_keep_alive()
            connection.send_finalize()
            connection.send_close_stream()
        messages = converse(connection, clip["audio"] + SILENCE[:800], 640, finish)
    flushed = next(m for m in messages if m.type == "Results" and m.from_finalize)
    assert flushed.channel.alternatives[0].transcript == "my name is grace hopper", flushed


def flux_gives_turns(url):
    one, other = clips("utterances")["open-fri-2"], clips("utterances")["ada"]
    connect = client_of(url).listen.v2.connect
    with connect(model="flux-general-en", eager_eot_threshold="0.5", **PHONE) as connection:
        audio = SILENCE + one["audio"] + SILENCE + other["audio"] + SILENCE
        messages = converse(connection, audio, 640, connection.send_close_stream)
    assert messages[0].type == "Connected", messages[0]
    assert [message.sequence_id for message in messages] == list(range(len(messages)))
    ended = [m for m in messages if m.type == "TurnInfo" and m.event == "EndOfTurn"]
    assert [(m.turn_index, m.transcript) for m in ended] == [(0, one["text"]), (1, other["text"])], ended
    events = {m.event for m in messages if m.type == "TurnInfo"}
    assert {"Update", "StartOfTurn", "EagerEndOfTurn", "EndOfTurn"} <= events, events


def speech_comes_as_raw_telephone_audio(url):
    phrase = next(iter(clips("phrases").values()))
    raw = {"encoding": "mulaw", "sample_rate": 8000, "container": "none"}
    audio = client_of(url).speak.v1.audio
    assert b"".join(audio.generate(text=phrase["text"], model="aura-2-thalia-en", **raw)) == phrase["audio"]
    with audio.with_raw_response.generate(text="Hello.", model="aura-2-thalia-en", **raw) as response:
        assert response.headers["dg-char-count"] == "6", response.headers
        assert response.headers["content-type"].startswith("audio/mulaw"), response.headers
        spoken = b"".join(response.data)
    assert 2000 < len(spoken) < 16000, len(spoken)


def speech_comes_over_a_socket(url):
    phrase = next(iter(clips("phrases").values()))
    with client_of(url).speak.v1.connect(model="aura-2-thalia-en", **PHONE) as connection:
        from deepgram.speak.v1.types import SpeakV1Text

        connection.send_text(SpeakV1Text(type="Speak", text=phrase["text"]))
        connection.send_flush()
        connection.send_close()
        messages = [checked(message) for message in connection]
    audio = b"".join(message for message in messages if isinstance(message, bytes))
    assert audio == phrase["audio"], len(audio)
    assert [m.type for m in messages if not isinstance(m, bytes)] == ["Metadata", "Flushed"]


def refusals_are_the_clients_errors(url):
    from deepgram.core.api_error import ApiError
    from websockets.exceptions import InvalidStatus

    raw = {"encoding": "mulaw", "sample_rate": 8000, "container": "none"}
    for status, call in [
        (401, lambda: list(client_of(url, "bad").speak.v1.audio.generate(text="Hello.", **raw))),
        (400, lambda: list(client_of(url).speak.v1.audio.generate(text=" ", **raw))),
        (413, lambda: list(client_of(url).speak.v1.audio.generate(text="a" * 2001, **raw))),
        (401, lambda: client_of(url, "bad").listen.v1.connect(model="nova-3", **PHONE).__enter__()),
        (400, lambda: client_of(url).listen.v1.connect(model="flux-general-en", **PHONE).__enter__()),
    ]:
        try:
            call()
        except ApiError as error:
            assert error.status_code == status, error
        except InvalidStatus as error:
            assert error.response.status_code == status, error
            assert "dg-request-id" in error.response.headers and "dg-error" in error.response.headers
        else:
            raise AssertionError(f"not refused with {status}")


CHECKS = [
    listening_gives_the_words_of_a_clip,
    finalize_gives_what_was_said_so_far,
    flux_gives_turns,
    speech_comes_as_raw_telephone_audio,
    speech_comes_over_a_socket,
    refusals_are_the_clients_errors,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url")
    arguments.add_argument("--venv", type=pathlib.Path, default=ROOT / "target" / "fidelity")
    asked = arguments.parse_args()
    enter_venv(asked.venv.resolve())
    process, url = (None, asked.url) if asked.url else start_sandbox()
    try:
        for check in CHECKS:
            check(url)
            print(f"ok  {check.__name__.replace('_', ' ')}", flush=True)
    finally:
        if process:
            process.terminate()


if __name__ == "__main__":
    main()

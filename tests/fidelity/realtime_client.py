#!/usr/bin/env python3
"""Runs OpenAI's own realtime client against the sandbox: what it can use, and reads as its types say, is faithful.

    tests/fidelity/realtime_client.py --url http://127.0.0.1:4010

Needs the client (PyPI: openai[realtime]) and a running sandbox; tests/fidelity/run sees to both.
"""

import argparse
import base64
import json
from pathlib import Path

from openai import OpenAI

import checks

UTTERANCES = Path(__file__).resolve().parents[2] / "fixtures" / "utterances"
TOOL = {
    "type": "function",
    "name": "understood",
    "description": "What the caller's last turn says.",
    "parameters": {"type": "object", "properties": {"intent": {"type": "string"}}},
}


def client_of(url, key="sandbox-key"):
    return OpenAI(api_key=key, base_url=f"{url}/v1", websocket_base_url=f"{url.replace('http', 'ws')}/v1", max_retries=0)


def session(**more):
    pcmu = {"type": "audio/pcmu"}
    detection = {"type": "server_vad", "silence_duration_ms": 300, **more}
    return {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": "Service haircut: a haircut, 30 minutes.",
        "tools": [TOOL],
        "audio": {
            "input": {"format": pcmu, "transcription": {"model": "gpt-4o-mini-transcribe"}, "turn_detection": detection},
            "output": {"format": pcmu, "voice": "marin"},
        },
    }


def typed(event):
    """An event that the client knows is an object of its own class, with the fields that its type has."""
    assert type(event).__name__ not in ("dict", "BaseModel"), event
    assert event.event_id, event
    return event


def until(connection, kind):
    events = []
    for event in connection:
        events.append(typed(event))
        if event.type == kind:
            return events
    raise AssertionError(f"no {kind}")


def a_turn_is_understood_and_answered(url):
    with client_of(url).realtime.connect(model="gpt-realtime-x") as connection:
        assert typed(next(iter(connection))).type == "session.created"
        connection.session.update(session=session())
        assert until(connection, "session.updated")[-1].session.audio.input.format.type == "audio/pcmu"
        audio = b"\xff" * 4000 + (UTTERANCES / "open-tue-10.ulaw").read_bytes() + b"\xff" * 6000
        for at in range(0, len(audio), 1600):
            connection.input_audio_buffer.append(audio=base64.b64encode(audio[at : at + 1600]).decode())
        events = until(connection, "rate_limits.updated")
        said = [e.transcript for e in events if e.type == "conversation.item.input_audio_transcription.completed"]
        assert said == ["Hi, I'd like a haircut on Tuesday at ten."], said
        call = next(e for e in events if e.type == "response.function_call_arguments.done")
        assert json.loads(call.arguments)["service"] == "haircut"
        done = next(e for e in events if e.type == "response.done").response
        assert done.status == "completed" and done.output[0].name == "understood" and done.usage.total_tokens > 0
        output = json.dumps({"say": "Goodbye!"})
        item = {"type": "function_call_output", "call_id": call.call_id, "output": output}
        connection.conversation.item.create(item=item)
        connection.response.create()
        events = until(connection, "response.done")
        audio = b"".join(base64.b64decode(e.delta) for e in events if e.type == "response.output_audio.delta")
        words = "".join(e.delta for e in events if e.type == "response.output_audio_transcript.delta")
        assert words == "Goodbye!" and len(audio) > 2000, (words, len(audio))


def an_answer_is_cancelled_and_cut(url):
    with client_of(url).realtime.connect(model="gpt-realtime-x") as connection:
        connection.session.update(session=session(create_response=False))
        until(connection, "session.updated")
        connection.response.create(response={"instructions": "Say exactly: We look forward to seeing you."})
        item = until(connection, "response.output_item.added")[-1].item
        until(connection, "response.done")
        connection.response.cancel()
        assert until(connection, "error")[-1].error.code == "response_cancel_not_active"
        connection.conversation.item.truncate(item_id=item.id, content_index=0, audio_end_ms=200)
        assert until(connection, "conversation.item.truncated")[-1].audio_end_ms == 200


def a_page_gets_a_key(url):
    given = client_of(url).realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60}, session={"type": "realtime", "model": "gpt-realtime-x"}
    )
    assert given.value.startswith("ek_") and given.session.model == "gpt-realtime-x", given
    with client_of(url, given.value).realtime.connect(model="gpt-realtime-x") as connection:
        assert typed(next(iter(connection))).type == "session.created"


def a_wrong_key_opens_nothing(url):
    try:
        with client_of(url, "bad-key").realtime.connect(model="gpt-realtime-x"):
            raise AssertionError("it opened")
    except Exception as error:
        assert "401" in str(error), error


CHECKS = [
    a_turn_is_understood_and_answered,
    an_answer_is_cancelled_and_cut,
    a_page_gets_a_key,
    a_wrong_key_opens_nothing,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", required=True)
    checks.run(CHECKS, arguments.parse_args().url)


if __name__ == "__main__":
    main()

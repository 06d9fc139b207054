#!/usr/bin/env python3
"""Runs OpenAI's own client against the sandbox's OpenAI: what it can use, and reads as its types say, is faithful.

    tests/fidelity/openai_client.py --url http://127.0.0.1:4010

Needs the client (PyPI: openai) and a running sandbox; tests/fidelity/run sees to both.
"""

import argparse
import json
import urllib.request
from typing import Literal, Optional

import httpx
import openai
from pydantic import BaseModel

import checks

INSTRUCTIONS = "Service haircut: a haircut, 30 minutes, 35 dollars.\nFact: You can park for free behind the building."
UNDERSTOOD = {
    "intent": "book",
    "service": "haircut",
    "when_text": "Tuesday at ten",
    "name": None,
    "phone": None,
    "reply": None,
}


class Turn(BaseModel):
    intent: Literal["book", "provide", "change", "confirm", "deny", "question", "person", "goodbye", "other"]
    service: Optional[str]
    when_text: Optional[str]
    name: Optional[str]
    phone: Optional[str]
    reply: Optional[str]


def client_of(url, key="sandbox-key"):
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=10)


def conversation(said="Hi, I'd like a haircut on Tuesday at ten."):
    messages = [("system", INSTRUCTIONS), ("assistant", "How can I help you?"), ("user", said)]
    return {"model": "gpt-x", "messages": [{"role": role, "content": text} for role, text in messages]}


def broken(url, **faults):
    """From now on this is broken, and nothing else."""
    headers = {"content-type": "application/json"}
    body = json.dumps(faults).encode()
    request = urllib.request.Request(f"{url}/sandbox/openai/faults", body, headers, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def checked(model):
    """The same object, once its every field has been held against its type."""
    type(model).model_validate(model.to_dict())
    return model


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"not refused with {kind}")


def an_answer_in_one_piece_is_read(url):
    answer = checked(client_of(url).chat.completions.create(**conversation("Do you have parking?")))
    assert answer.choices[0].message.content == "You can park for free behind the building.", answer
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id


def an_answer_bound_to_a_schema_is_parsed(url):
    answer = client_of(url).chat.completions.parse(**conversation(), response_format=Turn)
    assert answer.choices[0].message.parsed.model_dump() == UNDERSTOOD, answer
    assert list(json.loads(answer.choices[0].message.content)) == list(UNDERSTOOD)


def a_stream_is_read_chunk_by_chunk_with_usage_at_its_end(url):
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = [checked(chunk) for chunk in client_of(url).chat.completions.create(**conversation(), **options)]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant" and deltas[0].content == ""
    text = "".join(delta.content or "" for delta in deltas)
    assert text == "I can help you to book an appointment. What would you like, and when?", text
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]
    assert chunks[-1].choices == [] and chunks[-1].usage.completion_tokens == len(deltas) - 2


def a_stream_bound_to_a_schema_is_parsed(url):
    with client_of(url).chat.completions.stream(**conversation(), response_format=Turn) as stream:
        kinds = {event.type for event in stream}
        answer = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds, kinds
    assert answer.choices[0].message.parsed.model_dump() == UNDERSTOOD


def pieces_of_events_are_put_together(url):
    broken(url, piece_bytes=5)
    with client_of(url).chat.completions.stream(**conversation(), response_format=Turn) as stream:
        assert stream.get_final_completion().choices[0].message.parsed.model_dump() == UNDERSTOOD


def an_answer_that_grows_too_long_is_told(url):
    limit = {"max_completion_tokens": 2, "response_format": Turn}
    error = refused(openai.LengthFinishReasonError, lambda: client_of(url).chat.completions.parse(**conversation(), **limit))
    assert error.completion.usage.completion_tokens == 2


def a_refusal_is_read(url):
    broken(url, refusal=True)
    answer = client_of(url).chat.completions.parse(**conversation(), response_format=Turn)
    assert answer.choices[0].message.parsed is None and "can't assist" in answer.choices[0].message.refusal
    with client_of(url).chat.completions.stream(**conversation(), response_format=Turn) as stream:
        assert "refusal.done" in {event.type for event in stream}


def models_are_listed(url):
    assert list(client_of(url).models.list()) == []
    assert checked(client_of(url).models.retrieve("gpt-x")).id == "gpt-x"


def a_key_that_is_wrong_is_an_authentication_error(url):
    ask = client_of(url, "bad-key").chat.completions.create
    error = refused(openai.AuthenticationError, lambda: ask(**conversation()))
    assert error.code == "invalid_api_key" and error.request_id, error


def limits_are_rate_limit_errors_told_apart_by_code(url):
    ask = client_of(url).chat.completions.create
    for faults, code in [({"refuse": 429, "retry_after": 3}, "rate_limit_exceeded"), ({"out_of_quota": True}, "insufficient_quota")]:
        broken(url, **faults)
        error = refused(openai.RateLimitError, lambda: ask(**conversation(), stream=True))
        assert error.code == code and error.response.headers.get("retry-after") == ("3" if "retry_after" in faults else None)


def each_status_is_the_clients_error(url):
    ask = client_of(url).chat.completions.create
    for status, kind in [
        (400, openai.BadRequestError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ]:
        broken(url, refuse=status)
        assert refused(kind, lambda: ask(**conversation())).status_code == status


def a_bad_request_names_its_parameter(url):
    ask = client_of(url).chat.completions.create
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": [], "additionalProperties": False}
    bound = {"type": "json_schema", "json_schema": {"name": "t", "strict": True, "schema": schema}}
    for change, param, code in [
        ({"messages": []}, "messages", "empty_array"),
        ({"temperature": 3}, "temperature", "decimal_above_max_value"),
        ({"extra_body": {"colour": 1}}, "colour", "unknown_parameter"),
        ({"response_format": bound}, "response_format", None),
    ]:
        error = refused(openai.BadRequestError, lambda: ask(**(conversation() | change)))
        assert (error.param, error.code) == (param, code), error


def a_stream_that_fails_halfway_is_an_error(url):
    ask = client_of(url).chat.completions.create
    broken(url, error_after=3)
    error = refused(openai.APIError, lambda: list(ask(**conversation(), stream=True)))
    assert "had an error" in error.message
    broken(url, cut_after=3)
    refused((openai.APIConnectionError, httpx.RemoteProtocolError), lambda: list(ask(**conversation(), stream=True)))


CHECKS = [
    an_answer_in_one_piece_is_read,
    an_answer_bound_to_a_schema_is_parsed,
    a_stream_is_read_chunk_by_chunk_with_usage_at_its_end,
    a_stream_bound_to_a_schema_is_parsed,
    pieces_of_events_are_put_together,
    an_answer_that_grows_too_long_is_told,
    a_refusal_is_read,
    models_are_listed,
    a_key_that_is_wrong_is_an_authentication_error,
    limits_are_rate_limit_errors_told_apart_by_code,
    each_status_is_the_clients_error,
    a_bad_request_names_its_parameter,
    a_stream_that_fails_halfway_is_an_error,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", required=True)
    url = arguments.parse_args().url
    checks.run(CHECKS, url, before=lambda: broken(url))


if __name__ == "__main__":
    main()

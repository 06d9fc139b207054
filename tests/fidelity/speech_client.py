#!/usr/bin/env python3
"""Runs the clients of the providers of speech against the sandbox's: what they can use is faithful.

    tests/fidelity/speech_client.py --url http://127.0.0.1:4010

Needs the vendors' own clients (PyPI: boto3, elevenlabs, google-cloud-texttospeech, openai) and a running sandbox;
tests/fidelity/run sees to both. Azure's own client speaks over a native socket of its own and cannot be pointed at a
REST address; here plain requests do what its REST page says.
"""

import argparse
import io
import json
import urllib.error
import urllib.request
import wave

import boto3
import openai
from botocore.config import Config
from botocore.exceptions import ClientError
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from google.api_core import exceptions as google_errors
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.cloud import texttospeech
from google.cloud.texttospeech_v1.services.text_to_speech.transports import TextToSpeechRestTransport
from google.oauth2 import credentials, service_account

import checks

TEXT = "How can I help you?"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
SPEAKERS = ["openai-speech", "elevenlabs", "google", "polly", "azure"]


def broken(url, who, **faults):
    """From now on this is broken at one provider, and nothing else there."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{url}/sandbox/{who}/faults", json.dumps(faults).encode(), headers, method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"not refused with {kind}")


def is_speech(audio, bytes_per_s=8_000):
    """Half a second to five."""
    assert bytes_per_s / 2 < len(audio) < 5 * bytes_per_s and not audio.startswith(b"RIFF"), len(audio)


# Amazon Polly


def polly_of(url, key="AKIDEXAMPLE", secret="sandbox-secret", token=None):
    once = Config(retries={"max_attempts": 0})
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret, "aws_session_token": token}
    return boto3.client("polly", endpoint_url=url, region_name="eu-west-1", config=once, **keys)


def polly_asked(url, client=None, **change):
    asked = {"Engine": "neural", "OutputFormat": "mulaw", "SampleRate": "8000", "Text": TEXT, "VoiceId": "Joanna"}
    return (client or polly_of(url)).synthesize_speech(**(asked | change))


def polly_speaks_the_telephones_format_and_others(url):
    answer = polly_asked(url)
    assert (answer["ContentType"], answer["RequestCharacters"]) == ("audio/mulaw", len(TEXT)), answer
    is_speech(answer["AudioStream"].read())
    is_speech(polly_asked(url, OutputFormat="pcm", SampleRate="16000")["AudioStream"].read(), 32_000)
    assert polly_asked(url, OutputFormat="mp3", SampleRate="24000")["AudioStream"].read().startswith(b"\xff\xf3")
    assert polly_asked(url, OutputFormat="ogg_opus", SampleRate="48000")["AudioStream"].read().startswith(b"OggS")
    is_speech(polly_asked(url, TextType="ssml", Text=f"<speak>{TEXT}</speak>")["AudioStream"].read())


def polly_believes_signatures_only(url):
    for client, code in [
        (polly_of(url, secret="another"), "SignatureDoesNotMatch"),
        (polly_of(url, key="badkey"), "UnrecognizedClientException"),
    ]:
        error = refused(ClientError, lambda: polly_asked(url, client))
        assert (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]) == (code, 403)
    is_speech(polly_asked(url, polly_of(url, token="a-session"))["AudioStream"].read())


def polly_names_what_is_wrong(url):
    client = polly_of(url)
    for change, kind in [
        ({"Text": "word " * 700}, client.exceptions.TextLengthExceededException),
        ({"SampleRate": "16000"}, client.exceptions.InvalidSampleRateException),
        ({"TextType": "ssml"}, client.exceptions.InvalidSsmlException),
    ]:
        refused(kind, lambda: polly_asked(url, client, **change))
    broken(url, "polly", refuse=[400, "ThrottlingException"])
    assert refused(ClientError, lambda: polly_asked(url, client)).response["Error"]["Code"] == "ThrottlingException"


# Google


def google_account(url):
    return json.loads(urllib.request.urlopen(f"{url}/sandbox/google/account", timeout=10).read())


def google_of(url, token=None):
    if token is None:
        account = service_account.Credentials.from_service_account_info(google_account(url), scopes=[SCOPE])
        account.refresh(Request())
        token = account.token
    host = url.removeprefix("http://")
    transport = TextToSpeechRestTransport(host=host, credentials=credentials.Credentials(token), url_scheme="http")
    return texttospeech.TextToSpeechClient(transport=transport)


def google_asked(client, encoding, rate=None, text=TEXT, **change):
    voice = {"language_code": "en-US", "name": "en-US-Neural2-F"}
    audio = {"audio_encoding": encoding} | ({"sample_rate_hertz": rate} if rate else {})
    asked = {"input": {"text": text}, "voice": voice, "audio_config": audio} | change
    return client.synthesize_speech(request=asked, retry=None, timeout=10).audio_content


def google_grants_a_token_and_speaks(url):
    client, encoding = google_of(url), texttospeech.AudioEncoding
    mulaw = google_asked(client, encoding.MULAW, 8_000)
    assert mulaw.startswith(b"RIFF") and mulaw[8:16] == b"WAVEfmt ", mulaw[:16]
    with wave.open(io.BytesIO(google_asked(client, encoding.LINEAR16, 24_000))) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (24_000, 2, 1)
        is_speech(file.readframes(file.getnframes()), 48_000)
    assert google_asked(client, encoding.MP3).startswith(b"\xff\xf3")
    assert google_asked(client, encoding.OGG_OPUS).startswith(b"OggS")
    assert [voice.name for voice in client.list_voices().voices] == ["en-US-Neural2-F"]


def google_believes_its_own_tokens_and_accounts_only(url):
    encoding = texttospeech.AudioEncoding
    # The client meets 401 with a wish for a new token, which a bare token does not give it.
    refused(RefreshError, lambda: google_asked(google_of(url, "ya29.mine"), encoding.MP3))
    account = google_account(url) | {"client_email": "somebody@else"}
    stranger = service_account.Credentials.from_service_account_info(account, scopes=[SCOPE])
    refused(RefreshError, lambda: stranger.refresh(Request()))


def google_names_what_is_wrong(url):
    client, encoding = google_of(url), texttospeech.AudioEncoding
    for change in [{"text": "word " * 1_100}, {"text": ""}, {"voice": {"language_code": "de-DE", "name": "en-US-Wavenet-A"}}]:
        refused(google_errors.BadRequest, lambda: google_asked(client, encoding.MP3, **change))
    for status, name, kind in [
        (429, "RESOURCE_EXHAUSTED", google_errors.TooManyRequests),
        (403, "PERMISSION_DENIED", google_errors.Forbidden),
        (503, "UNAVAILABLE", google_errors.ServiceUnavailable),
    ]:
        broken(url, "google", refuse=[status, name])
        refused(kind, lambda: google_asked(client, encoding.MP3))


# ElevenLabs


def elevenlabs_asked(url, key="sandbox-key", voice="JBFqnCBsd6RMkjVDRZzb", form="ulaw_8000", text=TEXT):
    speech = ElevenLabs(base_url=url, api_key=key).text_to_speech
    return b"".join(speech.stream(voice, text=text, model_id="eleven_flash_v2_5", output_format=form))


def elevenlabs_speaks_streamed_and_whole(url):
    is_speech(elevenlabs_asked(url))
    is_speech(elevenlabs_asked(url, form="pcm_24000"), 48_000)
    assert elevenlabs_asked(url, form="mp3_44100_128").startswith(b"\xff\xf3")
    assert elevenlabs_asked(url, form="opus_48000_64").startswith(b"OggS")
    speech = ElevenLabs(base_url=url, api_key="sandbox-key").text_to_speech
    is_speech(b"".join(speech.convert("JBFqnCBsd6RMkjVDRZzb", text=TEXT, output_format="ulaw_8000")))


def elevenlabs_names_what_is_wrong(url):
    for change, status, name in [
        ({"key": "bad-key"}, 401, "invalid_api_key"),
        ({"voice": "nobody"}, 404, "voice_not_found"),
        ({"text": "word " * 8_001}, 400, "max_character_limit_exceeded"),
    ]:
        error = refused(ApiError, lambda: elevenlabs_asked(url, **change))
        assert (error.status_code, error.body["detail"]["status"]) == (status, name), error
    for name in ["too_many_concurrent_requests", "system_busy"]:
        broken(url, "elevenlabs", refuse=[429, name])
        assert refused(ApiError, lambda: elevenlabs_asked(url)).body["detail"]["status"] == name


# OpenAI


def openai_asked(url, key="sandbox-key", **change):
    asked = {"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "alloy", "response_format": "pcm"} | change
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, timeout=10)
    with client.audio.speech.with_streaming_response.create(**asked) as answer:
        return b"".join(answer.iter_bytes())


def openai_speaks(url):
    is_speech(openai_asked(url), 48_000)
    assert openai_asked(url, response_format="mp3").startswith(b"\xff\xf3")
    assert openai_asked(url, response_format="opus").startswith(b"OggS")


def openai_names_what_is_wrong(url):
    for change, kind in [
        ({"key": "bad-key"}, openai.AuthenticationError),
        ({"model": "tts-0"}, openai.NotFoundError),
        ({"voice": "nobody"}, openai.BadRequestError),
        ({"input": "word " * 900}, openai.BadRequestError),
    ]:
        refused(kind, lambda: openai_asked(url, **change))
    broken(url, "openai-speech", refuse=[429, "insufficient_quota"])
    assert refused(openai.RateLimitError, lambda: openai_asked(url)).code == "insufficient_quota"


# Azure


def azure_asked(url, document=None, **change):
    headers = {
        "ocp-apim-subscription-key": "sandbox-key",
        "content-type": "application/ssml+xml",
        "x-microsoft-outputformat": "raw-8khz-8bit-mono-mulaw",
        "user-agent": "tests",
    } | {name.replace("_", "-"): value for name, value in change.items()}
    said = f'<voice name="en-US-JennyNeural">{TEXT}</voice>'
    document = document or f'<speak version="1.0" xml:lang="en-US">{said}</speak>'
    headers = {name: value for name, value in headers.items() if value is not None}
    request = urllib.request.Request(f"{url}/cognitiveservices/v1", document.encode(), headers, method="POST")
    return urllib.request.urlopen(request, timeout=10).read()


def azure_speaks_for_a_key_or_a_token(url):
    is_speech(azure_asked(url))
    is_speech(azure_asked(url, x_microsoft_outputformat="raw-24khz-16bit-mono-pcm"), 48_000)
    key = {"ocp-apim-subscription-key": "sandbox-key"}
    issue = urllib.request.Request(f"{url}/sts/v1.0/issueToken", b"", key, method="POST")
    token = urllib.request.urlopen(issue, timeout=10).read().decode()
    is_speech(azure_asked(url, ocp_apim_subscription_key=None, authorization=f"Bearer {token}"))


def azure_refuses_with_the_status_that_says_it(url):
    for change, status in [
        ({"ocp_apim_subscription_key": "bad-key"}, 401),
        ({"content_type": "text/plain"}, 415),
        ({"x_microsoft_outputformat": "raw-9khz"}, 400),
        ({"document": "<speak>hello</speak>"}, 400),
    ]:
        assert refused(urllib.error.HTTPError, lambda: azure_asked(url, **change)).code == status, change
    broken(url, "azure", refuse=[429, ""])
    assert refused(urllib.error.HTTPError, lambda: azure_asked(url)).code == 429


CHECKS = [
    polly_speaks_the_telephones_format_and_others,
    polly_believes_signatures_only,
    polly_names_what_is_wrong,
    google_grants_a_token_and_speaks,
    google_believes_its_own_tokens_and_accounts_only,
    google_names_what_is_wrong,
    elevenlabs_speaks_streamed_and_whole,
    elevenlabs_names_what_is_wrong,
    openai_speaks,
    openai_names_what_is_wrong,
    azure_speaks_for_a_key_or_a_token,
    azure_refuses_with_the_status_that_says_it,
]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--url", required=True)
    url = arguments.parse_args().url
    checks.run(CHECKS, url, before=lambda: [broken(url, who) for who in SPEAKERS])


if __name__ == "__main__":
    main()

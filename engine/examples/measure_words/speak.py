#!/usr/bin/env python3
"""Speech whose words are known to the millisecond, for measure_words: by espeak-ng (word events of its C library) and by
flite (durations of phones), in several voices and speeds.

    engine/examples/measure_words/speak.py FOLDER fixtures/phrases/texts.txt ...

Writes FOLDER/*.ulaw and FOLDER/words.jsonl. Needs espeak-ng, flite and a Python with audioop (3.12 or older).
"""

import audioop
import ctypes
import ctypes.util
import json
import pathlib
import subprocess
import sys
import tempfile
import wave

ESPEAK_VOICES = [("en-us", 150), ("en-us+f4", 175), ("en-gb+m3", 200), ("en-us+f2", 230)]
FLITE_VOICES = [("slt", 1.0), ("rms", 1.0), ("awb", 1.15), ("kal16", 0.9)]
NUMBERS = [
    "Your appointment is on Friday at 10:30 AM.",
    "A haircut is $35, and a beard trim is $20.",
    "Dr. Smith can see you on March 3rd, at 9:15.",
    "I have nine AM, ten AM, or two PM on Friday.",
    "We're at 12 Harbor Street, next to the ferry.",
    "You're all set, Ada Lovelace. I've booked a haircut tomorrow at ten AM.",
    "We can reach you at 4 1 5, 5 5 5, 0 1 2 3; is that right?",
]
QUIET_DB = -35


class Event(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


class Espeak:
    def __init__(self):
        self.library = ctypes.CDLL(ctypes.util.find_library("espeak-ng") or "libespeak-ng.so.1")
        self.rate = self.library.espeak_Initialize(2, 500, None, 0)
        self.callback = CALLBACK(self.take)
        self.library.espeak_SetSynthCallback(self.callback)

    def take(self, samples, count, events):
        if samples and count:
            self.audio += ctypes.string_at(samples, 2 * count)
        index = 0
        while events[index].kind != 0:
            if events[index].kind == 1:
                self.words.append((events[index].text_position - 1, events[index].audio_position))
            index += 1
        return 0

    def speak(self, text, voice, speed):
        self.audio, self.words = b"", []
        self.library.espeak_SetVoiceByName(voice.encode())
        self.library.espeak_SetParameter(1, speed, 0)
        data = text.encode()
        self.library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        starts, position = [], 0
        for word in text.split():
            position = text.index(word, position)
            heard = [at for where, at in self.words if position <= where < position + len(word)]
            starts.append(min(heard) if heard else None)
            position += len(word)
        mulaw = to_mulaw(self.audio, self.rate)
        return (mulaw, ends_of(mulaw, starts)) if None not in starts else None


def flite(text, voice, stretch):
    with tempfile.NamedTemporaryFile(suffix=".wav") as out:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-psdur"]
        phones = run(command + ["-t", text, "-o", out.name])
        with wave.open(out.name) as audio:
            mulaw = to_mulaw(audio.readframes(audio.getnframes()), audio.getframerate())
    counts = [sum(name != "pau" for name, _ in run(command + ["-t", word, "-o", "none"])) for word in text.split()]
    spoken = [index for index, (name, _) in enumerate(phones) if name != "pau"]
    if sum(counts) != len(spoken):
        return None
    ends, seen = [], 0
    for count in counts:
        seen += count
        last = spoken[seen - 1]
        until = last
        while until + 1 < len(phones) and phones[until + 1][0] == "pau":
            until += 1
        ends.append([round(phones[last][1] * 1000), round(phones[until][1] * 1000)])
    ends[-1][1] = max(ends[-1][1], len(mulaw) // 8)
    return mulaw, ends


def run(command):
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    pairs = (pair.rsplit(":", 1) for pair in told.split() if ":" in pair)
    return [(name, float(end)) for name, end in pairs]


def to_mulaw(pcm, rate):
    pcm, _ = audioop.ratecv(pcm, 2, 1, rate, 8000, None)
    return audioop.lin2ulaw(pcm, 2)


def ends_of(mulaw, starts):
    """Each word ends between its last sound and the beginning of the next."""
    pcm = audioop.ulaw2lin(mulaw, 2)
    level = [audioop.rms(pcm[at : at + 160], 2) for at in range(0, len(pcm) - 159, 160)]
    bar = max(level) * 10 ** (QUIET_DB / 20)
    ends = []
    for start in starts[1:] + [len(mulaw) // 8]:
        last = min(start // 10, len(level))
        while last > 0 and level[last - 1] < bar:
            last -= 1
        ends.append([min(last * 10, start), start])
    return ends


def main(folder, *files):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = [line.strip() for file in files for line in open(file) if line.strip()] + NUMBERS
    espeak = Espeak()
    with open(folder / "words.jsonl", "w") as table:
        for number, text in enumerate(texts):
            ways = [(f"espeak-{v}", lambda v=v, s=s: espeak.speak(text, v, s)) for v, s in ESPEAK_VOICES]
            ways += [(f"flite-{v}", lambda v=v, s=s: flite(text, v, s)) for v, s in FLITE_VOICES]
            for voice, way in ways:
                spoken = way()
                if spoken is None:
                    continue
                clip = f"{number:03}-{voice}.ulaw"
                (folder / clip).write_bytes(spoken[0])
                row = {"clip": clip, "voice": voice, "text": text, "ends_ms": spoken[1]}
                table.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

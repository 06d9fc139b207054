-- Who speaks: the voices there are, and which of them speaks in which call.

CREATE TABLE voices (
    id                TEXT NOT NULL PRIMARY KEY,
    name              TEXT NOT NULL,
    -- Of the voices of a role the first by id speaks where nothing says otherwise.
    role              TEXT NOT NULL CHECK (role IN ('assistant', 'representative', 'bot')),
    gender            TEXT,
    language          TEXT,                      -- BCP 47: en-US
    provider          TEXT NOT NULL,             -- deepgram, …
    provider_voice_id TEXT NOT NULL,             -- as the provider calls it: aura-2-thalia-en
    created_at        TEXT NOT NULL,
    updated_at        TEXT NOT NULL
);
CREATE INDEX voices_by_role ON voices (role, id);

-- Written by whoever sets a call up, before its first words. `call_id` is the caller's own id of the call: a carrier's
-- CallSid, or any other that `POST /call` is asked with.
CREATE TABLE call_profiles (
    call_id    TEXT NOT NULL PRIMARY KEY,
    voice_id   TEXT REFERENCES voices (id) ON DELETE SET NULL,
    role       TEXT CHECK (role IN ('assistant', 'representative', 'bot')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

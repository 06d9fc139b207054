-- What follows a call.

-- Whom to call back, and what they asked to pass on: one row for each call that left something to see to.
CREATE TABLE messages (
    call_id    TEXT   NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    at_ms      BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    phone      TEXT   NOT NULL,
    text       TEXT   NOT NULL,              -- the caller's words; empty where they are only to be called back
    done_at    TEXT                          -- when somebody saw to it
);

-- What is to be told to others: written in the transaction of what it tells of, so that neither stands without the other.
-- `id` is the same for the same thing, so that it is told once; `due_at` is when it is told, or tried again.
CREATE TABLE outbox (
    id             TEXT   NOT NULL PRIMARY KEY,
    business       TEXT   NOT NULL,
    channel        TEXT   NOT NULL CHECK (channel IN ('webhook', 'text', 'call')),
    event          TEXT   NOT NULL,          -- appointment.created, call.completed, …
    appointment_id TEXT,
    call_id        TEXT,
    payload        TEXT   NOT NULL,          -- JSON
    status         TEXT   NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'done', 'failed', 'dropped')),
    attempts       BIGINT NOT NULL DEFAULT 0,
    last_error     TEXT,
    created_at     TEXT   NOT NULL,
    due_at         TEXT   NOT NULL,
    done_at        TEXT
);
CREATE INDEX outbox_by_due ON outbox (status, due_at);
CREATE INDEX outbox_by_appointment ON outbox (appointment_id);

-- When somebody is busy by a calendar that is not ours. All rows of a source are replaced when it is read again.
CREATE TABLE busy_times (
    business  TEXT NOT NULL,
    staff     TEXT NOT NULL,
    start_utc TEXT NOT NULL,
    end_utc   TEXT NOT NULL,
    PRIMARY KEY (business, staff, start_utc, end_utc)
);

-- Numbers that want no text messages of a business, by their own word (STOP).
CREATE TABLE opt_outs (
    business TEXT NOT NULL,
    phone    TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (business, phone)
);

-- What became of a caller who was put through.
CREATE TABLE transfers (
    call_sid    TEXT   NOT NULL PRIMARY KEY,
    status      TEXT   NOT NULL,             -- the carrier's word: completed, busy, no-answer, failed, canceled
    duration_s  BIGINT,
    at          TEXT   NOT NULL
);

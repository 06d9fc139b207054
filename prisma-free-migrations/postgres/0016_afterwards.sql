-- The same as ../sqlite/0016, whose comments say what each column means.

CREATE TABLE messages (
    call_id    TEXT   NOT NULL PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    at_ms      BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    phone      TEXT   NOT NULL,
    text       TEXT   NOT NULL,
    done_at    TIMESTAMPTZ
);

CREATE TABLE outbox (
    id             TEXT   NOT NULL PRIMARY KEY,
    business       TEXT   NOT NULL,
    channel        TEXT   NOT NULL CHECK (channel IN ('webhook', 'text', 'call')),
    event          TEXT   NOT NULL,
    appointment_id TEXT,
    call_id        TEXT,
    payload        TEXT   NOT NULL,
    status         TEXT   NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'done', 'failed', 'dropped')),
    attempts       BIGINT NOT NULL DEFAULT 0,
    last_error     TEXT,
    created_at     TIMESTAMPTZ NOT NULL,
    due_at         TIMESTAMPTZ NOT NULL,
    done_at        TIMESTAMPTZ
);
CREATE INDEX outbox_by_due ON outbox (status, due_at);
CREATE INDEX outbox_by_appointment ON outbox (appointment_id);

CREATE TABLE busy_times (
    business  TEXT NOT NULL,
    staff     TEXT NOT NULL,
    start_utc TIMESTAMPTZ NOT NULL,
    end_utc   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business, staff, start_utc, end_utc)
);

CREATE TABLE opt_outs (
    business TEXT NOT NULL,
    phone    TEXT NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business, phone)
);

CREATE TABLE transfers (
    call_sid    TEXT   NOT NULL PRIMARY KEY,
    status      TEXT   NOT NULL,
    duration_s  BIGINT,
    at          TIMESTAMPTZ NOT NULL
);

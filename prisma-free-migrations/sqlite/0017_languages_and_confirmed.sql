-- What the call was held in in which an appointment was made, by its code of ISO 639-1: texts about it are written in it.
ALTER TABLE appointments ADD COLUMN language TEXT NOT NULL DEFAULT 'en';

-- When whoever comes said that they will, in a reminder call.
ALTER TABLE appointments ADD COLUMN confirmed_at TEXT;

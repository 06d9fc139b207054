-- What the business asked for beside, and was told: a JSON object of its questions' ids and the answers.
ALTER TABLE appointments ADD COLUMN details TEXT NOT NULL DEFAULT '{}';

-- A moment, as it is in every other column.
ALTER TABLE appointments ALTER COLUMN confirmed_at TYPE TIMESTAMPTZ USING confirmed_at::TIMESTAMPTZ;

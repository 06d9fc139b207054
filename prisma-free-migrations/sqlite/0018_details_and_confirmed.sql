-- What the business asked for beside, and was told: a JSON object of its questions' ids and the answers.
ALTER TABLE appointments ADD COLUMN details TEXT NOT NULL DEFAULT '{}';

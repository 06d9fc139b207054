-- Turns of earlier versions asked nothing ahead, and nobody looked where they were late.

-- The first of the answer's audio was there.
ALTER TABLE turns ADD COLUMN first_audio_ms BIGINT;
-- The stage that made the answer later than its budget, by the name of its column without `_ms`; NULL: it was in time.
ALTER TABLE turns ADD COLUMN late_stage TEXT;
-- Requests to the model that were made before the turn was over, and whether one of them was its answer.
ALTER TABLE turns ADD COLUMN guesses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN guess_used BOOLEAN NOT NULL DEFAULT FALSE;
-- Estimated: tokens of answers that were thrown away.
ALTER TABLE turns ADD COLUMN wasted_in BIGINT NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN wasted_out BIGINT NOT NULL DEFAULT 0;

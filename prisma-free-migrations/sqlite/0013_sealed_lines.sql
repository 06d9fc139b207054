-- What was taken out of a line, sealed: ["heard", "unheard"] in a file of age, in base64. NULL where nothing was, or there was
-- no key.
ALTER TABLE transcripts ADD COLUMN sealed TEXT;

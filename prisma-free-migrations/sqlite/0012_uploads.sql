-- Recordings that go to an object store. What is on this machine's disk and in no store yet is the queue of uploads; what is
-- in both waits to be removed from the disk.
ALTER TABLE recordings ADD COLUMN local BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX recordings_to_upload ON recordings (call_id, file_path) WHERE local AND file_url IS NULL;
CREATE INDEX recordings_to_remove ON recordings (call_id, file_path) WHERE local AND file_url IS NOT NULL;

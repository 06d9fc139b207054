-- People search while they type: the beginnings of words are looked up, not put together from all words that begin so.

DROP TABLE transcript_search;
CREATE VIRTUAL TABLE transcript_search USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3'
);
INSERT INTO transcript_search (rowid, text) SELECT written, text FROM transcripts;

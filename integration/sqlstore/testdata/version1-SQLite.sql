CREATE TABLE IF NOT EXISTS {}sessions (
	id         TEXT NOT NULL PRIMARY KEY,
	identity   TEXT NOT NULL,
	device     TEXT NOT NULL,
	generation INTEGER NOT NULL,
	created    INTEGER NOT NULL,
	rotated    INTEGER NOT NULL,
	grace      INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	changes    INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS {}sessions_identity ON {}sessions (identity);
CREATE INDEX IF NOT EXISTS {}sessions_expires ON {}sessions (expires);
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     INTEGER NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BLOB NOT NULL,
	expires INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);
CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  INTEGER NOT NULL,
	mark TEXT NOT NULL
);
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;

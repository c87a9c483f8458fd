CREATE TABLE IF NOT EXISTS {}sessions (
	id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	identity   TEXT COLLATE "C" NOT NULL,
	device     TEXT NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS {}sessions_identity ON {}sessions (identity);
CREATE INDEX IF NOT EXISTS {}sessions_expires ON {}sessions (expires);
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    TEXT NOT NULL,
	id      BYTEA NOT NULL,
	expires BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);
CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	seq  BIGINT NOT NULL,
	mark TEXT NOT NULL
);
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING;

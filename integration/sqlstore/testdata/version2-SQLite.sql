CREATE TABLE IF NOT EXISTS {}sessions (
	id TEXT NOT NULL PRIMARY KEY,
	identity TEXT NOT NULL,
	device TEXT NOT NULL,
	generation INTEGER NOT NULL,
	created INTEGER NOT NULL,
	rotated INTEGER NOT NULL,
	grace INTEGER NOT NULL,
	expires INTEGER NOT NULL,
	changes INTEGER NOT NULL,
	realm TEXT NOT NULL DEFAULT '',
	ends INTEGER NOT NULL DEFAULT -62135596800000,
	key_hash TEXT NOT NULL DEFAULT '',
	data TEXT NOT NULL DEFAULT '',
	upstream_iss TEXT NOT NULL DEFAULT '',
	upstream_sid TEXT NOT NULL DEFAULT '',
	upstream_sub TEXT NOT NULL DEFAULT '',
	jkt TEXT NOT NULL DEFAULT ''
);

CREATE INDEX IF NOT EXISTS {}sessions_user ON {}sessions (identity, realm);

CREATE INDEX IF NOT EXISTS {}sessions_expires ON {}sessions (expires);

CREATE TABLE IF NOT EXISTS {}blocklist (
	seq INTEGER NOT NULL PRIMARY KEY,
	mark TEXT NOT NULL,
	id BLOB NOT NULL,
	expires INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);

CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);

CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	seq INTEGER NOT NULL,
	mark TEXT NOT NULL,
	epoch TEXT NOT NULL DEFAULT '',
	restoring INTEGER NOT NULL DEFAULT 0,
	giver TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS {}blocklist_roll (
	id TEXT NOT NULL PRIMARY KEY,
	beat INTEGER NOT NULL,
	gave TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS {}schema (
	id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
	version INTEGER NOT NULL,
	oldest INTEGER NOT NULL
);

INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, COALESCE((SELECT MAX(seq) FROM {}blocklist), 0), COALESCE((SELECT mark FROM {}blocklist ORDER BY seq DESC LIMIT 1), '')) ON CONFLICT (id) DO NOTHING;

INSERT INTO {}schema (id, version, oldest) VALUES (1, 2, 1) ON CONFLICT (id) DO UPDATE SET version = 2, oldest = 1 WHERE {}schema.version < 2;

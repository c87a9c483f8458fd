CREATE TABLE IF NOT EXISTS {}sessions (
	id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
	identity TEXT COLLATE "C" NOT NULL,
	device TEXT NOT NULL,
	generation BIGINT NOT NULL,
	created BIGINT NOT NULL,
	rotated BIGINT NOT NULL,
	grace BIGINT NOT NULL,
	expires BIGINT NOT NULL,
	changes BIGINT NOT NULL,
	realm TEXT COLLATE "C" NOT NULL DEFAULT '',
	ends BIGINT NOT NULL DEFAULT -62135596800000,
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
	seq BIGINT NOT NULL PRIMARY KEY,
	mark TEXT NOT NULL,
	id BYTEA NOT NULL,
	expires BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS {}blocklist_id ON {}blocklist (id);

CREATE INDEX IF NOT EXISTS {}blocklist_expires ON {}blocklist (expires);

CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	seq BIGINT NOT NULL,
	mark TEXT NOT NULL,
	epoch TEXT NOT NULL DEFAULT '',
	restoring BIGINT NOT NULL DEFAULT 0,
	giver TEXT NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS {}blocklist_roll (
	id TEXT NOT NULL PRIMARY KEY,
	beat BIGINT NOT NULL,
	gave TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS {}schema (
	id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL,
	oldest BIGINT NOT NULL
);

INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, COALESCE((SELECT MAX(seq) FROM {}blocklist), 0), COALESCE((SELECT mark FROM {}blocklist ORDER BY seq DESC LIMIT 1), '')) ON CONFLICT (id) DO NOTHING;

INSERT INTO {}schema (id, version, oldest) VALUES (1, 2, 1) ON CONFLICT (id) DO UPDATE SET version = 2, oldest = 1 WHERE {}schema.version < 2;

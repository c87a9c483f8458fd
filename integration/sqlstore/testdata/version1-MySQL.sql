CREATE TABLE IF NOT EXISTS {}sessions (
	id         VARBINARY(36) NOT NULL PRIMARY KEY,
	identity   VARBINARY(255) NOT NULL,
	device     VARBINARY(255) NOT NULL,
	generation BIGINT NOT NULL,
	created    BIGINT NOT NULL,
	rotated    BIGINT NOT NULL,
	grace      BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	changes    BIGINT NOT NULL,
	INDEX {}sessions_identity (identity),
	INDEX {}sessions_expires (expires)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS {}blocklist (
	seq     BIGINT NOT NULL PRIMARY KEY,
	mark    VARBINARY(32) NOT NULL,
	id      BINARY(16) NOT NULL,
	expires BIGINT NOT NULL,
	INDEX {}blocklist_id (id),
	INDEX {}blocklist_expires (expires)
) ENGINE = InnoDB;
CREATE TABLE IF NOT EXISTS {}blocklist_head (
	id   BIGINT NOT NULL PRIMARY KEY,
	seq  BIGINT NOT NULL,
	mark VARBINARY(32) NOT NULL
) ENGINE = InnoDB;
INSERT INTO {}blocklist_head (id, seq, mark) VALUES (1, 0, '') ON DUPLICATE KEY UPDATE id = 1;

PRAGMA application_id = 1466263923;
PRAGMA user_version = 2;
CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pipeline TEXT NOT NULL,
  definition_digest TEXT NOT NULL
) STRICT;
CREATE TABLE header (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  snapshot_id INTEGER NOT NULL,
  saved_wall_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE positions (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  next_offset INTEGER NOT NULL,
  PRIMARY KEY (topic, partition)
) STRICT, WITHOUT ROWID;
CREATE TABLE records (
  owner TEXT NOT NULL,
  stage INTEGER NOT NULL,
  key BLOB NOT NULL,
  codec_version INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (owner, stage, key)
) STRICT, WITHOUT ROWID;
ALTER TABLE identity ADD COLUMN stages TEXT;
CREATE TABLE next_identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  definition_digest TEXT NOT NULL,
  stages TEXT NOT NULL
) STRICT;
CREATE TABLE next_records (
  owner TEXT NOT NULL,
  stage INTEGER NOT NULL,
  key BLOB NOT NULL,
  codec_version INTEGER NOT NULL,
  checksum INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY (owner, stage, key)
) STRICT, WITHOUT ROWID;

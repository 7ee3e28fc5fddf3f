PRAGMA application_id = 0x57656972;  -- 'Weir'
PRAGMA user_version = 1;

CREATE TABLE run_manifest (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
  id INTEGER PRIMARY KEY CHECK (id > 0),    -- 1, 2, 3, …; the newest ones are kept
  taken_wall_ms INTEGER NOT NULL,
  watermark_ms INTEGER,                     -- of the pipeline; NULL before there is one
  read INTEGER NOT NULL CHECK (read >= 0),  -- sums over all partitions from here to `applied`
  rejected INTEGER NOT NULL CHECK (rejected >= 0),
  filtered INTEGER NOT NULL CHECK (filtered >= 0),
  late INTEGER NOT NULL CHECK (late >= 0),
  duplicate INTEGER NOT NULL CHECK (duplicate >= 0),
  applied INTEGER NOT NULL CHECK (applied >= 0),
  CHECK (read = rejected + filtered + late + duplicate + applied)
) STRICT;

CREATE TABLE partitions (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL CHECK (partition >= 0),
  next_offset INTEGER NOT NULL CHECK (next_offset >= 0),  -- of the next record to read
  clock_ms INTEGER,                                       -- NULL before the first event
  read INTEGER NOT NULL CHECK (read >= 0),                -- of everything before next_offset
  rejected INTEGER NOT NULL CHECK (rejected >= 0),
  filtered INTEGER NOT NULL CHECK (filtered >= 0),
  late INTEGER NOT NULL CHECK (late >= 0),
  duplicate INTEGER NOT NULL CHECK (duplicate >= 0),
  applied INTEGER NOT NULL CHECK (applied >= 0),
  idle INTEGER NOT NULL CHECK (idle IN (0, 1)),
  PRIMARY KEY (topic, partition),
  CHECK (read = rejected + filtered + late + duplicate + applied)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL CHECK (partition >= 0),
  next_offset INTEGER NOT NULL CHECK (next_offset >= 0),  -- from here on the clock is …
  clock_ms INTEGER NOT NULL,                              -- … at least this
  kind TEXT NOT NULL CHECK (kind IN ('idle', 'advance', 'close')),
  PRIMARY KEY (topic, partition, next_offset)
) STRICT, WITHOUT ROWID;

CREATE TABLE metrics (
  metric TEXT NOT NULL,
  window_start_ms INTEGER NOT NULL,         -- inclusive
  window_end_ms INTEGER NOT NULL,           -- exclusive
  dimensions TEXT NOT NULL                  -- canonical JSON, keys sorted; {} when none
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  value REAL NOT NULL,                      -- the nearest double
  value_exact TEXT,                         -- the exact value, where there is one
  samples INTEGER NOT NULL CHECK (samples >= 0),
  approximate INTEGER NOT NULL CHECK (approximate IN (0, 1)),
  status TEXT NOT NULL
    CHECK (status = 'provisional' OR status = 'final' OR status = 'restated'),
  PRIMARY KEY (metric, window_start_ms, dimensions),
  CHECK (window_end_ms > window_start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejected_events (
  id INTEGER PRIMARY KEY,                   -- rising; the newest rows are kept
  snapshot_id INTEGER NOT NULL,
  taken_wall_ms INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  reason TEXT NOT NULL,                     -- no_time, too_far_ahead, …
  detail TEXT NOT NULL,
  event_time_ms INTEGER,                    -- where it could be read
  watermark_ms INTEGER,                     -- of the partition, then
  payload TEXT NOT NULL,                    -- its first bytes
  UNIQUE (topic, partition, offset)
) STRICT;

CREATE TABLE late_events (
  id INTEGER PRIMARY KEY,                   -- rising; the newest rows are kept
  snapshot_id INTEGER NOT NULL,
  taken_wall_ms INTEGER NOT NULL,
  topic TEXT NOT NULL,
  partition INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  event_time_ms INTEGER,
  watermark_ms INTEGER,                     -- of the partition, then
  payload TEXT NOT NULL,                    -- its first bytes
  UNIQUE (topic, partition, offset)
) STRICT;

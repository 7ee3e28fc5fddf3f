-- The results file of a Weir pipeline, NAME.sqlite: its contract, checked by a test against what
-- the program creates. Any SQLite client (3.37 or later) may read the file while the worker runs;
-- it is in WAL mode and has one writer. Keep read transactions short.
--
-- Columns ending in _ms hold event time, those ending in _wall_ms wall time: milliseconds since
-- 1970-01-01T00:00:00Z. Dimensions are JSON objects with sorted keys; a missing dimension is null.
--
-- status: a provisional row can still change or go; a final row never changes; a restated row
-- replaced a final one on purpose.
--
-- marks: of several marks at one offset the one with the greatest clock is kept; it implies the
-- others.
--
-- run_manifest holds
--   pipeline, definition, definition_digest   name; canonical text; its SHA-256
--   weir_version, sqlite_version, tzdata_version   of the latest run
--   created_wall_ms, opened_wall_ms           when the file was made, and last opened for writing
--   result_digest                             the sum of the tables' digests
--   result_digest.TABLE                       the sum over all settled (final, restated) rows
--   pruned_digest.TABLE, pruned_rows.TABLE    the part of it that belongs to rows removed by `keep`
--   pruned_to_ms.TABLE.NAME                   windows of NAME that ended by then have been removed
-- and further keys of the worker. Offsets are in partitions.
--
-- Result digest. Each settled row is encoded as below and hashed with SHA-256; the digests, read as
-- big-endian numbers, are added modulo 2^256 and written as 64 hexadecimal digits. A sum does not
-- depend on order, so equal results have equal digests however they were computed. The encoding of
-- a row is the concatenation of the table's name, as TEXT, and its columns in this order:
--   metrics: metric, window_start_ms, dimensions, window_end_ms, value, value_exact, approximate
-- NULL     byte 0
-- INTEGER  byte 1, 8 bytes: the number in two's complement, big-endian
-- REAL     byte 2, 8 bytes: the IEEE 754 bits, big-endian; negative zero as zero
-- TEXT     byte 3, 8 bytes: the number of bytes, big-endian; the bytes in UTF-8
-- Included is what a row says: keys, event times, values, and whether a value is an estimate
-- (approximate), because an exact 5 and an estimated 5 are two results. Left out are samples,
-- status, wall times, examples of events and Kafka coordinates.

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

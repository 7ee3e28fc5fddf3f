PRAGMA application_id = 0x57656972;  -- 'Weir'
PRAGMA user_version = 2;

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

CREATE TABLE funnels (
  funnel TEXT NOT NULL,
  entry_start_ms INTEGER NOT NULL,          -- inclusive; the window of the first step
  entry_end_ms INTEGER NOT NULL,            -- exclusive
  entry_day TEXT NOT NULL                   -- local day of entry_start_ms, YYYY-MM-DD
    CHECK (length(entry_day) = 10),
  dimensions TEXT NOT NULL                  -- canonical JSON, keys sorted; {} when none
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  step INTEGER NOT NULL CHECK (step > 0),   -- 1, 2, 3, …
  step_name TEXT NOT NULL,
  users INTEGER NOT NULL CHECK (users >= 0),  -- that came to this step or beyond
  conversion_from_start REAL                -- NULL when nobody entered
    CHECK (conversion_from_start BETWEEN 0 AND 1),
  conversion_from_previous REAL             -- NULL when nobody was at the step before
    CHECK (conversion_from_previous BETWEEN 0 AND 1),
  p50_ms INTEGER CHECK (p50_ms >= 0),       -- time from the first step; NULL without users
  p90_ms INTEGER CHECK (p90_ms >= 0),
  status TEXT NOT NULL
    CHECK (status = 'provisional' OR status = 'final' OR status = 'restated'),
  PRIMARY KEY (funnel, entry_start_ms, dimensions, step),
  CHECK (entry_end_ms > entry_start_ms)
) STRICT, WITHOUT ROWID;

CREATE TABLE retention (
  retention TEXT NOT NULL,
  cohort TEXT NOT NULL                      -- first local day of the cohort's unit, YYYY-MM-DD
    CHECK (length(cohort) = 10),
  period INTEGER NOT NULL CHECK (period >= 0),  -- units after the cohort's own
  unit_start_ms INTEGER NOT NULL,           -- inclusive; the unit of `period`
  unit_end_ms INTEGER NOT NULL,             -- exclusive
  dimensions TEXT NOT NULL                  -- canonical JSON, keys sorted; {} when none
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  users INTEGER NOT NULL CHECK (users >= 0),  -- that came back in the unit; in period 0 all
  amount REAL,                              -- the nearest double; NULL without `value`
  amount_exact TEXT,                        -- the exact amount
  status TEXT NOT NULL
    CHECK (status = 'provisional' OR status = 'final' OR status = 'restated'),
  PRIMARY KEY (retention, cohort, period, dimensions),
  CHECK (unit_end_ms > unit_start_ms),
  CHECK ((amount IS NULL) = (amount_exact IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX retention_units ON retention (retention, unit_start_ms);

CREATE TABLE sessions (
  session TEXT NOT NULL,
  day_start_ms INTEGER NOT NULL,            -- inclusive; the day of the first event
  day_end_ms INTEGER NOT NULL,              -- exclusive
  day TEXT NOT NULL                         -- the local day, YYYY-MM-DD
    CHECK (length(day) = 10),
  dimensions TEXT NOT NULL                  -- canonical JSON, keys sorted; {} when none
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  sessions INTEGER NOT NULL CHECK (sessions >= 0),
  users INTEGER NOT NULL CHECK (users >= 0),  -- with at least one of them
  events INTEGER NOT NULL CHECK (events >= 0),
  bounces INTEGER NOT NULL CHECK (bounces >= 0),  -- sessions of one event
  duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),  -- from first to last event, summed
  entry_events TEXT NOT NULL                -- JSON: sessions by name of their first event
    CHECK (json_valid(entry_events) AND substr(entry_events, 1, 1) = '{'),
  exit_events TEXT NOT NULL                 -- JSON: sessions by name of their last event
    CHECK (json_valid(exit_events) AND substr(exit_events, 1, 1) = '{'),
  status TEXT NOT NULL
    CHECK (status = 'provisional' OR status = 'final' OR status = 'restated'),
  PRIMARY KEY (session, day_start_ms, dimensions),
  CHECK (day_end_ms > day_start_ms)
) STRICT, WITHOUT ROWID;

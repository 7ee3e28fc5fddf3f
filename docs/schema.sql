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
-- A count, a sum or a cell of retention that is 0 has no row. Whether it is final then, the final
-- rows of the same window or unit tell, and snapshots.watermark_ms.
--
-- Of alerts and findings the tables keep everything, whatever `keep` says. alert_transitions are the
-- steps of an alert, alerts how it stands; findings that are final can only be closed any more.
-- Provisional alerts and findings are for people who watch; when a worker starts, those alerts end.
--
-- A row of kpis says how far a period had come; the one whose as_of_ms is the period's end is the
-- period's own. Provisional ones have no previous, moved_by and moved: the slice that they are about
-- goes on. kpi_tree says what the pipeline file says now.
--
-- thresholds, acknowledgements, verdicts and silences are what people did; no row of them is ever
-- changed but to end a silence. A running worker sets a threshold by a row of threshold_requests, which its next
-- snapshot answers. rules and rule_thresholds say what the pipeline file says now.
--
-- outbox: a message is sent until it is delivered or dead, those about one subject to one sink in
-- their order. The newest that are not pending are kept.
--
-- restatements: what each row was that was replaced, added or removed on purpose, and what it is
-- since. In its JSON, dimensions and the names of events are objects, other columns as they are.
--
-- entry_events, exit_events: at most 100 names, those of the most sessions; the rest is "(other)".
--
-- marks: of several marks at one offset the one with the greatest clock is kept; it implies the
-- others.
--
-- run_manifest holds
--   pipeline, definition, definition_digest   name; canonical text; SHA-256 of that text with the
--                                             values of all variables
--   weir_version, sqlite_version, tzdata_version   of the latest run
--   created_wall_ms, opened_wall_ms           when the file was made, and last opened for writing
--   result_digest                             the sum of the tables' digests
--   result_digest.TABLE                       the sum over all settled (final, restated) rows
--   pruned_digest.TABLE, pruned_rows.TABLE    the part of it that belongs to rows removed by `keep`
--   pruned_to_ms.TABLE.NAME                   windows of stage NAME that ended by then are gone
--   start.TOPIC/PARTITION                     the first offset that was read
--   complete_from.KIND.STAGE                  from then on, in milliseconds, its rows are complete
--   definition_document                       what decides results, as YAML that can be read again; as in
--                                             definition, variables that may be secrets by their names
--   stages                                    JSON: by KIND.STAGE its id, digest and from_ms (null: from
--                                             the beginning); next_stage_id: the next id, never used before
--   removed_stages                            JSON: stages whose rows from before until_ms go at drop_ms
--   upgrades                                  JSON: each change of the definition, when and by which version
--   replay.…                                  of a file that a replay made, until it is adopted
--   adopted.from, adopted_wall_ms, adopted.by   when it was, and from which file
--   restored.from, restored.wall_ms           of a file restored from a backup: which, and when
--   restored.taken_wall_ms, restored.lost_wall_ms   when that was made, when the files were lost
--   restored.told_wall_ms                     when the worker told together what happened meanwhile
-- and further keys of the worker. Offsets are in partitions.
--
-- Result digest. Each settled row is encoded as below and hashed with SHA-256; the digests, read as
-- big-endian numbers, are added modulo 2^256 and written as 64 hexadecimal digits. A sum does not
-- depend on order, so equal results have equal digests however they were computed. The encoding of
-- a row is the concatenation of the table's name, as TEXT, and its columns in this order:
--   alert_transitions: alert_id, window_start_ms, to_state, rule, window_end_ms, dimensions,
--     from_state, value, thresholds; final ones of alerts of kind 'alert'
--   findings: finding_id, rule, entity_kind, entity, opened_ms, closed_ms, figures; final ones
--   funnels: funnel, entry_start_ms, dimensions, step, entry_end_ms, entry_day, step_name, users,
--     conversion_from_start, conversion_from_previous, p50_ms, p90_ms
--   kpis: kpi, period_start_ms, as_of_ms, period_end_ms, value, previous, moved_by, moved,
--     approximate
--   metrics: metric, window_start_ms, dimensions, window_end_ms, value, value_exact, approximate
--   retention: retention, cohort, period, dimensions, unit_start_ms, unit_end_ms, users, amount,
--     amount_exact
--   sessions: session, day_start_ms, dimensions, day_end_ms, day, sessions, users, events, bounces,
--     duration_ms, entry_events, exit_events
-- NULL     byte 0
-- INTEGER  byte 1, 8 bytes: the number in two's complement, big-endian
-- REAL     byte 2, 8 bytes: the IEEE 754 bits, big-endian; negative zero as zero
-- TEXT     byte 3, 8 bytes: the number of bytes, big-endian; the bytes in UTF-8
-- Included is what a row says: keys, event times, values, and whether a value is an estimate
-- (approximate), because an exact 5 and an estimated 5 are two results. Left out are samples,
-- status, wall times, what people did, examples and evidence of events, Kafka coordinates.

PRAGMA application_id = 0x57656972;  -- 'Weir'
PRAGMA user_version = 5;

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

CREATE TABLE alerts (
  alert_id TEXT PRIMARY KEY,                -- hash of pipeline, rule, dimensions, first window
  rule TEXT NOT NULL,
  kind TEXT NOT NULL                        -- 'health': about the worker, its times are wall time
    CHECK (kind = 'alert' OR kind = 'health'),
  dimensions TEXT NOT NULL                  -- canonical JSON, keys sorted; {} when none
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  state TEXT NOT NULL
    CHECK (state IN ('inactive', 'pending', 'firing', 'recovering', 'resolved')),
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  owner TEXT,
  window_start_ms INTEGER NOT NULL,         -- of the first window in which the condition held
  window_end_ms INTEGER NOT NULL,           -- of the window that was judged last
  value REAL,                               -- in that window; NULL where there was none
  threshold REAL,                           -- the first of `thresholds`; NULL without any
  thresholds TEXT NOT NULL                  -- JSON: what it was judged with last, by name
    CHECK (json_valid(thresholds) AND substr(thresholds, 1, 1) = '{'),
  opened_ms INTEGER,                        -- end of the window in which it fired; NULL before
  resolved_ms INTEGER,                      -- end of the window in which it ended; NULL before
  explanation TEXT                          -- JSON: what moved it; NULL before it fires
    CHECK (explanation IS NULL OR json_valid(explanation)),
  status TEXT NOT NULL                      -- provisional: only open windows say so
    CHECK (status = 'provisional' OR status = 'final'),
  CHECK (window_end_ms > window_start_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX alerts_active ON alerts (rule, window_start_ms)
  WHERE state = 'firing' OR state = 'recovering';

CREATE INDEX alerts_time ON alerts (rule, window_start_ms);

CREATE TABLE alert_transitions (
  alert_id TEXT NOT NULL,
  window_start_ms INTEGER NOT NULL,         -- the window that was judged
  to_state TEXT NOT NULL
    CHECK (to_state IN ('inactive', 'pending', 'firing', 'recovering', 'resolved')),
  rule TEXT NOT NULL,
  window_end_ms INTEGER NOT NULL,
  dimensions TEXT NOT NULL
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  from_state TEXT NOT NULL
    CHECK (from_state IN ('inactive', 'pending', 'firing', 'recovering', 'resolved')),
  value REAL,                               -- the watched value; NULL where there was none
  thresholds TEXT NOT NULL                  -- JSON: what it was judged with, by name
    CHECK (json_valid(thresholds) AND substr(thresholds, 1, 1) = '{'),
  samples INTEGER NOT NULL CHECK (samples >= 0),
  kind TEXT NOT NULL CHECK (kind = 'alert' OR kind = 'health'),
  status TEXT NOT NULL CHECK (status = 'provisional' OR status = 'final'),
  PRIMARY KEY (alert_id, window_start_ms, to_state),
  CHECK (window_end_ms > window_start_ms)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_transitions_time ON alert_transitions (rule, window_end_ms);

CREATE TABLE findings (
  finding_id TEXT PRIMARY KEY,              -- hash of pipeline, rule, entity, opened_ms
  rule TEXT NOT NULL,
  entity_kind TEXT NOT NULL,                -- user, context.ip, …
  entity TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,               -- when the pattern was complete
  closed_ms INTEGER                         -- when it was no more; NULL while it is
    CHECK (closed_ms >= opened_ms),
  figures TEXT NOT NULL                     -- JSON: what the rule read at the opening
    CHECK (json_valid(figures) AND substr(figures, 1, 1) = '{'),
  announced_as TEXT,                        -- the provisional finding that people were told of
  evidence TEXT NOT NULL                    -- JSON list: coordinates of its events, at most 20
    CHECK (json_valid(evidence) AND substr(evidence, 1, 1) = '['),
  severity TEXT NOT NULL CHECK (severity = 'info' OR severity = 'warning' OR severity = 'critical'),
  owner TEXT,
  status TEXT NOT NULL                      -- withdrawn: judged on arrival, settled otherwise
    CHECK (status = 'provisional' OR status = 'final' OR status = 'withdrawn')
) STRICT, WITHOUT ROWID;

CREATE INDEX findings_time ON findings (rule, opened_ms);

CREATE INDEX findings_open ON findings (rule, opened_ms)
  WHERE closed_ms IS NULL AND status <> 'withdrawn';

CREATE INDEX findings_followed ON findings (rule, opened_ms)
  WHERE status = 'provisional' OR (closed_ms IS NULL AND announced_as IS NOT NULL);

CREATE TABLE finding_transitions (
  finding_id TEXT NOT NULL,
  kind TEXT NOT NULL
    CHECK (kind IN ('opened', 'confirmed', 'moved', 'withdrawn', 'closed')),
  rule TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (finding_id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE thresholds (
  id INTEGER PRIMARY KEY,                   -- rising; kept for ever
  rule TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL                  -- those that a series has to have; {}: every series
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  value REAL NOT NULL,
  effective_ms INTEGER NOT NULL,            -- windows that end and events that come after this
  set_wall_ms INTEGER NOT NULL,
  origin TEXT NOT NULL                      -- reset: a person gives it back to the file
    CHECK (origin IN ('file', 'person', 'reset')),
  set_by TEXT NOT NULL,                     -- the person, or 'file'
  reason TEXT NOT NULL
) STRICT;

CREATE INDEX thresholds_of ON thresholds (rule, name);

CREATE TABLE threshold_requests (
  id INTEGER PRIMARY KEY,                   -- rising; the newest answered ones are kept
  rule TEXT NOT NULL,
  name TEXT NOT NULL,
  dimensions TEXT NOT NULL,
  value REAL,                               -- NULL: reset
  from_ms INTEGER,                          -- NULL: from the clock on when it is taken
  requested_wall_ms INTEGER NOT NULL,
  requested_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'refused')),
  answer TEXT                               -- for people; NULL while it waits
) STRICT;

CREATE INDEX threshold_requests_waiting ON threshold_requests (id) WHERE state = 'waiting';

CREATE TABLE acknowledgements (
  alert_id TEXT NOT NULL,                   -- or a finding_id
  acknowledged_wall_ms INTEGER NOT NULL,
  acknowledged_by TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (alert_id, acknowledged_wall_ms, acknowledged_by)
) STRICT, WITHOUT ROWID;

CREATE TABLE silences (
  id INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  dimensions TEXT NOT NULL                  -- those that a series has to have; {}: every series
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '{'),
  from_wall_ms INTEGER NOT NULL,
  until_wall_ms INTEGER,                    -- NULL: until somebody ends it
  created_wall_ms INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  note TEXT NOT NULL,
  ended_wall_ms INTEGER,                    -- when somebody ended it before its time
  CHECK (until_wall_ms > from_wall_ms)
) STRICT;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,                   -- rising, in the order of decision
  message_id TEXT NOT NULL UNIQUE,          -- the Idempotency-Key
  sink TEXT NOT NULL,                       -- name of the destination
  event TEXT NOT NULL,                      -- firing, repeated, escalated, resolved, summary
  subject_id TEXT NOT NULL,                 -- the alert_id or finding_id
  rule TEXT NOT NULL,
  payload TEXT NOT NULL,                    -- the bytes to send
  decided_ms INTEGER,                       -- event time; NULL of a health rule
  decided_wall_ms INTEGER NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('pending', 'delivered', 'dead', 'suppressed:stale', 'suppressed:silenced',
      'suppressed:replay')),
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  next_attempt_wall_ms INTEGER NOT NULL,    -- of a pending one
  delivered_wall_ms INTEGER,
  last_error TEXT,
  CHECK ((state = 'delivered') = (delivered_wall_ms IS NOT NULL))
) STRICT;

CREATE INDEX outbox_pending ON outbox (sink, subject_id, id) WHERE state = 'pending';

CREATE INDEX outbox_settled ON outbox (id) WHERE state <> 'pending';

CREATE INDEX outbox_subject ON outbox (subject_id);

CREATE TABLE rules (
  rule TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('alert', 'risk', 'health')),
  severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
  owner TEXT,
  runbook TEXT,
  summary TEXT,
  labels TEXT NOT NULL                      -- JSON object
    CHECK (json_valid(labels) AND substr(labels, 1, 1) = '{'),
  dimensions TEXT NOT NULL                  -- JSON list of names, those of its series
    CHECK (json_valid(dimensions) AND substr(dimensions, 1, 1) = '['),
  definition TEXT NOT NULL                  -- JSON object, for people
    CHECK (json_valid(definition) AND substr(definition, 1, 1) = '{')
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_thresholds (
  rule TEXT NOT NULL,
  name TEXT NOT NULL,
  standard REAL NOT NULL,                   -- the value that the pipeline file gives
  min REAL,
  max REAL,
  step REAL,
  by_dimensions TEXT NOT NULL               -- JSON list of {"dimensions": {…}, "value": …}
    CHECK (json_valid(by_dimensions) AND substr(by_dimensions, 1, 1) = '['),
  PRIMARY KEY (rule, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE restatements (
  id INTEGER PRIMARY KEY,                   -- rising; kept for ever
  table_name TEXT NOT NULL,                 -- metrics, funnels, retention, sessions
  stage TEXT NOT NULL,                      -- the row's metric, funnel, retention or session
  row_key TEXT NOT NULL                     -- JSON: the columns of its primary key, by name
    CHECK (json_valid(row_key) AND substr(row_key, 1, 1) = '{'),
  window_start_ms INTEGER NOT NULL,         -- of its window, entry window, unit or day
  window_end_ms INTEGER NOT NULL,
  old_row TEXT                              -- JSON: its columns before; NULL: there was none
    CHECK (old_row IS NULL OR json_valid(old_row)),
  new_row TEXT                              -- JSON: its columns after; NULL: there is none
    CHECK (new_row IS NULL OR json_valid(new_row)),
  restated_wall_ms INTEGER NOT NULL,
  restated_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  replay TEXT NOT NULL,                     -- path of the replayed file then
  replay_digest TEXT NOT NULL,              -- its result digest then
  CHECK (window_end_ms > window_start_ms),
  CHECK (old_row IS NOT NULL OR new_row IS NOT NULL)
) STRICT;

CREATE INDEX restatements_of ON restatements (table_name, stage, window_start_ms);

CREATE INDEX restatements_removed ON restatements (table_name, stage, window_start_ms)
  WHERE new_row IS NULL;

CREATE TABLE kpis (
  kpi TEXT NOT NULL,
  period_start_ms INTEGER NOT NULL,         -- inclusive
  period_end_ms INTEGER NOT NULL,           -- exclusive
  as_of_ms INTEGER NOT NULL,                -- what came before counts; at the end: all of it
  value REAL NOT NULL,
  previous REAL,                            -- over the same part of the period before, if any
  moved_by TEXT,                            -- the child that moved it most; NULL: none did
  moved REAL,                               -- by how much it did; NULL where nobody can tell
  approximate INTEGER NOT NULL CHECK (approximate IN (0, 1)),
  status TEXT NOT NULL
    CHECK (status = 'provisional' OR status = 'final' OR status = 'restated'),
  PRIMARY KEY (kpi, period_start_ms, as_of_ms),
  CHECK (as_of_ms > period_start_ms),
  CHECK (period_end_ms >= as_of_ms),
  CHECK (moved IS NULL OR moved_by IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE TABLE kpi_tree (
  kpi TEXT PRIMARY KEY,
  parent TEXT,                              -- the KPI that it is a child of; NULL of a root
  position INTEGER NOT NULL CHECK (position >= 0),  -- among its siblings, from 0
  title TEXT,                               -- for people; NULL: the name
  layer TEXT NOT NULL CHECK (layer IN ('business', 'operational', 'process')),
  period TEXT NOT NULL,                     -- as in the pipeline file: 1d, 1mo, …
  formula TEXT NOT NULL,                    -- as in the pipeline file
  unit TEXT,
  owner TEXT,
  target REAL,                              -- for the end of a period
  direction TEXT NOT NULL CHECK (direction IN ('up', 'down'))
) STRICT, WITHOUT ROWID;

CREATE TABLE verdicts (
  id INTEGER PRIMARY KEY,                   -- rising; the newest about a subject holds
  subject_id TEXT NOT NULL,                 -- an alert_id or a finding_id
  kind TEXT NOT NULL CHECK (kind IN ('alert', 'finding')),
  verdict TEXT NOT NULL CHECK (verdict IN ('real', 'false_alarm', 'known')),
  verdict_wall_ms INTEGER NOT NULL,
  verdict_by TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;

CREATE INDEX verdicts_of ON verdicts (subject_id);

CREATE INDEX alerts_newest ON alerts (window_start_ms);

CREATE INDEX alerts_state ON alerts (state, window_start_ms);

CREATE INDEX alert_transitions_newest ON alert_transitions (window_end_ms);

CREATE INDEX findings_newest ON findings (opened_ms);

CREATE INDEX findings_status ON findings (status, opened_ms);

CREATE INDEX findings_entity ON findings (entity, opened_ms);

CREATE INDEX findings_open_newest ON findings (opened_ms)
  WHERE closed_ms IS NULL AND status <> 'withdrawn';

CREATE INDEX outbox_state ON outbox (state, sink, decided_wall_ms);

extension Schema {
  /// The version of the results file from which on people can write to it.
  static let thresholdsSince = 3

  /// Tables of alerts, findings, thresholds, what people do about them, and messages.
  static let resultsVersion3 = alertTables + thresholdTables + messageTables

  private static let alertTables = """
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
    INSERT INTO run_manifest (key, value)
    SELECT 'result_digest.' || column1, hex(zeroblob(32))
    FROM (VALUES ('alert_transitions'), ('findings'));

    """

  private static let thresholdTables = """
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

    """

  private static let messageTables = """
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
    """
}

extension Schema {
  /// The version of the results file from which on it holds KPIs and verdicts.
  static let verdictsSince = 5

  /// KPIs, what people say that alerts were, and indexes for those who look.
  static let resultsVersion5 = """
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
    INSERT INTO run_manifest (key, value) VALUES ('result_digest.kpis', hex(zeroblob(32)));
    """
}

extension Schema {
  /// Tables of the stages that follow users. The digests of tables without rows are 0.
  static let resultsVersion2 = """
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
    INSERT INTO run_manifest (key, value)
    SELECT 'result_digest.' || column1, hex(zeroblob(32))
    FROM (VALUES ('funnels'), ('retention'), ('sessions'));
    """
}

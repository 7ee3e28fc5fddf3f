extension Schema {
  /// What was replaced on purpose, and by whom.
  static let resultsVersion4 = """
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
    """
}

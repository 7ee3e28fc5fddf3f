/// How the name of a results file goes on for its state file: `NAME.sqlite` and
/// `NAME.sqlite-state`.
let stateFileSuffix = "-state"

extension Schema {
  /// The private file, `NAME.sqlite-state`. No contract: only Weir reads it.
  static let state = Schema(
    kind: "state file", applicationID: 0x5765_6973,
    migrations: [
      Migration(version: 1, sql: stateVersion1), Migration(version: 2, sql: stateVersion2),
    ])

  /// The table of records, under a name.
  static func recordsTable(_ name: String) -> String {
    """
    CREATE TABLE \(name) (
      owner TEXT NOT NULL,
      stage INTEGER NOT NULL,
      key BLOB NOT NULL,
      codec_version INTEGER NOT NULL,
      checksum INTEGER NOT NULL,
      bytes BLOB NOT NULL,
      PRIMARY KEY (owner, stage, key)
    ) STRICT, WITHOUT ROWID;
    """
  }

  private static let stateVersion1 = """
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
    \(recordsTable("records"))
    """

  /// Numbers of the stages that the state is of, and room for what an upgrade makes of it.
  private static let stateVersion2 = """
    ALTER TABLE identity ADD COLUMN stages TEXT;
    CREATE TABLE next_identity (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      definition_digest TEXT NOT NULL,
      stages TEXT NOT NULL
    ) STRICT;
    \(recordsTable("next_records"))
    """
}

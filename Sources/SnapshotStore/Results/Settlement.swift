import StreamCore

/// What the file knows of settled metric rows besides the rows: digests, horizons, the newest
/// window.
///
/// A commit works on a copy and the file takes it over when the transaction has committed.
struct Settlement {
  /// Sum over every settled row that was ever stored.
  var digest = DigestSum()
  /// The part of `digest` that belongs to rows which `keep` has removed.
  var prunedDigest = DigestSum()
  var prunedRows: Int64 = 0
  /// By metric: windows that ended by then have been removed and never come back.
  var prunedToMs: [String: Int64] = [:]
  /// Greatest start of a settled window.
  var newestStartMs = Int64.min
}

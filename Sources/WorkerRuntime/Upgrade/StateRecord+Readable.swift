import StreamCore

extension StateRecord {
  /// Throws, with the way on, when the record is of another version of the codecs than this program
  /// reads. `path` is that of the results.
  func checkReadable(beside path: String) throws(WorkerError) {
    let known = Self.readableVersions
    if known.contains(codecVersion) { return }
    let anew = UpgradePlan.fromHistory(pipeline: "PIPELINE.yaml", path)
    throw WorkerError(
      .refused,
      "the state beside \(path) has codec version \(codecVersion), this weir reads versions "
        + "\(known.lowerBound) to \(known.upperBound)",
      whatToDo: "go on with the weir that wrote it"
        + (codecVersion > known.upperBound
          ? " or a later one" : ", or compute it anew with this one: \(anew)"))
  }
}

extension [StateRecord] {
  /// Throws when one of them is not readable. O(records).
  func checkReadable(beside path: String) throws(WorkerError) {
    for record in self { try record.checkReadable(beside: path) }
  }
}

import PipelineSpec
import StreamCore

/// Files in place of Kafka: `--input`, sorted or in their own order.
public enum FileInputs {
  /// Virtual partitions that sorted files are dealt to. Always as many: offsets and state are
  /// stored by partition.
  public static let virtualPartitions = 8

  /// Opens `arguments` as logs of `plan`'s sources. An argument is a path, or `SOURCE=PATH` where
  /// the pipeline has several sources.
  ///
  /// - Parameters:
  ///   - inOrder: Each file is one partition in its own order; else all are sorted by event time.
  ///   - dataPath: The public file.
  ///   - spillDirectory: Where what does not fit in memory is spilled; nil: beside that file.
  /// - Throws: `InputError`, `InputErrors`, `WorkerError`.
  public static func open(
    _ arguments: [String], plan: PipelinePlan, inOrder: Bool, dataPath: String,
    spillDirectory: String? = nil, progress: InputProgress
  ) throws -> [FiniteLog] {
    var logs: [FiniteLog] = []
    let bySource = try assign(arguments, plan)
    let names = try shortNames(InputFiles.checked(bySource.values.flatMap(\.self)))
    for (index, paths) in bySource.sorted(by: { $0.key < $1.key }) {
      let source = plan.sources[index]
      let files = try InputFiles.checked(paths)
      if inOrder {
        for path in files {
          logs.append(
            FiniteLog(
              id: PartitionID(topic: names[path] ?? path, partition: 0), sourceIndex: index,
              reader: try RecordFile(path: path, source: source, progress: progress)))
        }
        continue
      }
      let sorted = try SortedInput(
        source: source, files: files,
        options: SortedInput.Options(
          partitions: virtualPartitions, memoryBytes: (256 << 20) / bySource.count,
          spillDirectory: spillDirectory ?? SortedInput.spillDirectory(beside: dataPath)),
        progress: progress)
      for (number, partition) in sorted.partitions.enumerated() {
        logs.append(
          FiniteLog(
            id: PartitionID(topic: source.name, partition: Int32(number)), sourceIndex: index,
            reader: partition))
      }
    }
    return logs
  }

  /// The files of each source, by its index.
  private static func assign(
    _ arguments: [String], _ plan: PipelinePlan
  ) throws -> [Int: [String]] {
    var bySource: [Int: [String]] = [:]
    for argument in arguments {
      if plan.sources.count == 1 {
        bySource[0, default: []].append(argument)
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2,
        let index = plan.sources.firstIndex(where: { $0.name == parts[0] })
      else {
        let names = plan.sources.map(\.name).joined(separator: ", ")
        throw WorkerError(
          .usage, "--input \(argument) does not say which source it is of (\(names))",
          whatToDo: "write it as SOURCE=FILE")
      }
      bySource[index, default: []].append(parts[1])
    }
    return bySource
  }

  /// Short names of files, as the tables show them: the last part of the path where that is
  /// enough to tell all of them apart.
  private static func shortNames(_ paths: [String]) -> [String: String] {
    let short = paths.map { $0.split(separator: "/").last.map(String.init) ?? $0 }
    let isUnique = Set(short).count == short.count
    return Dictionary(uniqueKeysWithValues: zip(paths, isUnique ? short : paths))
  }
}

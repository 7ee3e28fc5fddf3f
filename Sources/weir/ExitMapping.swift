import ArgumentParser
import Dashboard
import Foundation
import KafkaClient
import PipelineSpec
import SnapshotStore
import StreamCore
import WorkerRuntime

/// How every command ends: what an error says, and the exit code that it means.
///
/// Commands throw what they meet. One that has told everything itself, such as the faults that it
/// was asked to find, throws an `ExitCode`.
enum ExitMapping {
  /// What is written to standard error, and the exit code.
  struct Ending: Equatable {
    var code: ExitCode
    var message: String
  }

  /// Tells of `error`, and ends the process. Asking for help or the version is no error.
  static func end(with error: any Error) -> Never {
    let ending = ending(of: error)
    if !ending.message.isEmpty {
      let output = ending.code == .success ? FileHandle.standardOutput : .standardError
      try? output.write(contentsOf: Data((ending.message + "\n").utf8))
    }
    Weir.exit(withError: ending.code)
  }

  /// What `error` means; an empty message when there is nothing to tell.
  static func ending(of error: any Error) -> Ending {
    switch error {
    case let faults as PipelineFaults:
      let isMissing = faults.faults.allSatisfy { $0.code == "no-file" }
      return Ending(code: isMissing ? .unreachable : .foundWrong, message: faults.description)
    case let error as StoreError: return told(error, code(of: error))
    case let error as Refusal: return told(error, .foundWrong)
    case let error as ConsoleError: return told(error, .unreachable)
    case let error as ProbeError: return told(error, .unreachable)
    case let error as KafkaError: return told(error, code(of: error))
    case let error as WorkerError: return told(error, ExitCode(error.exitCode))
    case let error as InputErrors:
      let codes = error.errors.map(code)
      return Ending(
        code: codes.contains(.unreachable) ? .unreachable : .foundWrong,
        message: error.errors.map { "Error: \($0)" }.joined(separator: "\n"))
    case let error as InputError: return told(error, code(of: error))
    case let error as CodecError:
      return Ending(
        code: .foundWrong,
        message: "Error: the saved state is damaged: \(error); start a new file with --data")
    default: return parserEnding(of: error)
    }
  }

  private static func told(_ error: any CustomStringConvertible, _ code: ExitCode) -> Ending {
    // What is wrong may be quoted from a file, which may hold anything.
    let lines = error.description.split(separator: "\n", omittingEmptySubsequences: false)
    let message = lines.map { TextTable.printable(String($0)) }.joined(separator: "\n")
    return Ending(code: code, message: "Error: \(message)")
  }

  private static func code(of error: StoreError) -> ExitCode {
    switch error.kind {
    case .damaged, .conflict, .invalid: .foundWrong
    case .foreign, .otherPipeline, .otherDefinition, .newerSchema, .diskFull, .readOnly, .locked,
      .walTooLarge, .stateAhead, .timedOut, .io:
      .unreachable
    }
  }

  private static func code(of error: KafkaError) -> ExitCode {
    error.codeName == "_INVALID_ARG" ? .wrongUsage : .unreachable
  }

  private static func code(of error: InputError) -> ExitCode {
    switch error.kind {
    case .unreachable, .failedRead, .failedSpill: .unreachable
    case .corrupt, .unsupported: .foundWrong
    }
  }

  /// Errors of the argument parser, its clean exits, and those that nobody named.
  private static func parserEnding(of error: any Error) -> Ending {
    let code = Weir.exitCode(for: error)
    return Ending(
      code: code == .validationFailure ? .wrongUsage : code, message: Weir.fullMessage(for: error))
  }
}

extension ExitCode {
  /// The command did its work, and what it looked at is not right.
  static let foundWrong = ExitCode(1)
  /// The command was called in a way that it does not know.
  static let wrongUsage = ExitCode(2)
  /// Somebody stopped it before its end.
  static let interrupted = ExitCode(130)
  /// Something outside could not be reached, or belongs to someone else.
  static let unreachable = ExitCode(3)
}

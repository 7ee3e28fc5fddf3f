// What the core costs on one thread, on messages in memory.
//
//   swift run -c release --package-path Benchmarks CoreBenchmark layers|stages|scale|instructions
//
//   layers        each layer on top of the one before, 1,000,000 users
//   stages        stages that no event touches, against none of them
//   scale         from 10,000 to 10,000,000 users
//   instructions  a fixed job for a counter of instructions: JOB EVENTS

import BenchmarkKit
import Foundation

do {
  let arguments = Array(CommandLine.arguments.dropFirst())
  switch arguments.first {
  case "layers": try Layers.run()
  case "stages": try Stages.run()
  case "scale": try Scale.run()
  case "instructions": try Instructions.run(Array(arguments.dropFirst()))
  case nil:
    try Layers.run()
    try Stages.run()
    try Scale.run()
  default:
    throw BenchmarkError("there is no \(arguments[0]): layers, stages, scale, instructions")
  }
} catch {
  FileHandle.standardError.write(Data("CoreBenchmark: \(error)\n".utf8))
  exit(1)
}

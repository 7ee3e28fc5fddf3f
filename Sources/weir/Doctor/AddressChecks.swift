import Foundation
import PipelineSpec
import SnapshotStore

/// The address of the console, and those that are told of alerts.
enum AddressChecks {
  /// Whether the console's address can be had, and whether it is open to everybody.
  @Sendable static func console(_ patient: DoctorCase) -> [DoctorFinding] {
    guard let address = patient.listen else {
      return patient.pipeline == nil ? [] : [.ok("it is served nowhere")]
    }
    var findings = [free(address, patient)]
    let grants = (patient.pipeline?.console.grants ?? []).filter { !$0.token.isEmpty }
    if !address.isLoopback, grants.isEmpty {
      findings.append(
        .problem(
          "\(address) is beyond this machine, and nobody has a token: it would not start",
          "give the pipeline file console: {tokens: …}, or listen on 127.0.0.1"))
    }
    return findings
  }

  private static func free(_ address: ConsoleAddress, _ patient: DoctorCase) -> DoctorFinding {
    guard let found = resolve(address.host, port: address.port) else {
      return .problem(
        "the host \(address.host) is not known here", "listen on an address of this machine")
    }
    defer { freeaddrinfo(found) }
    let info = found.pointee
    let descriptor = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
    guard descriptor >= 0 else { return .ok("\(address) cannot be tried") }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
    guard bind(descriptor, info.ai_addr, info.ai_addrlen) != 0 else {
      return .ok("\(address) is free")
    }
    let reason = String(cString: strerror(errno))
    if errno == EADDRINUSE, patient.dataPath.flatMap({ FileHealth.writer(of: $0) }) != nil {
      return .warning(
        "\(address) is in use, most likely by the worker that runs", "stop it before another starts"
      )
    }
    return .problem(
      "\(address) cannot be had: \(reason)", "end what has it, or choose another with --listen")
  }

  /// The first address of `host`; nil when there is none. To be freed by the caller.
  private static func resolve(_ host: String, port: Int?) -> UnsafeMutablePointer<addrinfo>? {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port.map { String($0) }, &hints, &found) == 0 else { return nil }
    return found
  }

  /// Whether each destination is somewhere. Nothing is sent.
  @Sendable static func destinations(_ patient: DoctorCase) -> [DoctorFinding] {
    (patient.pipeline?.notify.destinations ?? []).map { target in
      if target.kind == .log { return .ok("\(target.name) is the log") }
      guard !target.target.isEmpty else {
        return .problem(
          "\(target.name) has no address here: a variable is not set", "set it for the worker")
      }
      if target.kind == .kafka { return .ok("\(target.name) is a topic; see topics") }
      guard let host = URL(string: target.target)?.host, !host.isEmpty else {
        return .problem("\(target.name) has no host in its URL", "correct it in the pipeline file")
      }
      guard let found = resolve(host, port: nil) else {
        return .warning(
          "the host \(host) of \(target.name) is not known here",
          "correct its name, or see to the name service; messages would wait and be tried again")
      }
      freeaddrinfo(found)
      return .ok("\(target.name) is a \(target.kind.rawValue) at \(host); nothing was sent")
    }
  }
}

import Digests

/// What a token may do.
public struct ConsoleRights: OptionSet, Sendable, Hashable {
  /// A bit for each right.
  public let rawValue: Int

  /// Makes a set of its bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// See results.
  public static let read = ConsoleRights(rawValue: 1)
  /// Change thresholds, acknowledge, silence, judge.
  public static let write = ConsoleRights(rawValue: 2)
  /// See ids of people, and payloads.
  public static let reveal = ConsoleRights(rawValue: 4)
}

/// A named secret. Only its digest is kept.
public struct ConsoleToken: Sendable {
  /// Who holds it: what is recorded with changes.
  public let name: String
  /// What it may do.
  public let rights: ConsoleRights
  /// SHA-256 of the secret.
  let digest: [UInt8]

  /// Makes a token; whatever its rights, it may read.
  public init(name: String, secret: String, rights: ConsoleRights) {
    self.name = name
    self.rights = rights.union(.read)
    digest = SHA256Digest.of(secret.utf8)
  }
}

/// The tokens of a console.
struct TokenBook: Sendable {
  let tokens: [ConsoleToken]

  /// The token with this secret. Takes the same time whichever it is, and whether it is one:
  /// digests of equal length are compared to their ends, with all tokens.
  func token(secret: String) -> ConsoleToken? {
    let digest = SHA256Digest.of(secret.utf8)
    var found: ConsoleToken?
    for token in tokens where Self.areEqual(token.digest, digest) { found = token }
    return found
  }

  /// Compares without stopping at the first difference.
  static func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in a.indices { difference |= a[index] ^ b[index] }
    return difference == 0
  }
}

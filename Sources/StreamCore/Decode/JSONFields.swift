internal import CSimdJSON

/// The planned paths of JSON messages, compiled for the C decoder. For one thread at a time.
struct JSONFields: ~Copyable {
  /// nil when there was no memory for the plan; each message then comes out as `WEIR_JSON_MEMORY`.
  private let decoder: OpaquePointer?

  init(_ paths: [FieldLayout.Path]) {
    var decoder = weir_json_create()
    for path in paths {
      let keys = path.steps.flatMap { Array($0.utf8) }
      let lengths = path.steps.map(\.utf8.count)
      if weir_json_add_path(decoder, keys, lengths, lengths.count, UInt32(path.place)) != 0 {
        weir_json_free(decoder)
        decoder = nil
      }
    }
    self.decoder = decoder
  }

  deinit { weir_json_free(decoder) }

  /// Decodes a message into a row; see `weir_json_decode`.
  @inline(__always)
  func decode(
    _ payload: UnsafePointer<UInt8>, count: Int, into row: FieldRow,
    scratch: UnsafeMutablePointer<UInt8>, used: inout Int
  ) -> Int32 {
    weir_json_decode(
      decoder, payload, count,
      UnsafeMutableRawPointer(row.fields).assumingMemoryBound(to: weir_value.self),
      UInt32(truncatingIfNeeded: row.fieldCount),
      UnsafeMutableRawPointer(row.extras).assumingMemoryBound(to: weir_value.self), scratch, &used)
  }

  /// Byte where the last fault was found.
  var faultOffset: Int { weir_json_fault_offset(decoder) }
}

/// Whether bytes are UTF-8. O(n), several gigabytes a second.
func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  guard let base = bytes.baseAddress else { return true }
  return weir_utf8_valid(base.assumingMemoryBound(to: UInt8.self), bytes.count) != 0
}

extension JSONFields {
  /// The reason for which a message of this outcome is rejected.
  static func outcome(of code: Int32) -> RejectReason {
    switch code {
    case weirCode(WEIR_JSON_EMPTY): .empty
    case weirCode(WEIR_JSON_NOT_AN_OBJECT): .notAnObject
    case weirCode(WEIR_JSON_MEMORY): .tooLong
    default: .malformed
    }
  }
}

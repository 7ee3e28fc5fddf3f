internal import CSimdJSON

/// Which simdjson this is.
public enum DecoderVersion {
  /// The version that the program is built with, such as `3.0.1`.
  public static var simdjson: String { String(cString: weir_simdjson_version()) }
}

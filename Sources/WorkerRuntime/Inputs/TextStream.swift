import Glibc
import StreamCore

/// The text of a file in UTF-8, whatever its encoding is.
///
/// A byte order mark decides, else what was declared. UTF-8 goes through untouched, mark and broken
/// bytes included. Where bytes of another encoding are no character, one byte that UTF-8 does not
/// have stands in their place, so that their record is refused like any that is no text.
///
/// Memory: one buffer of 64 KiB. Not for use from two threads.
final class TextStream {
  /// Stands for what is no character.
  static let brokenByte: UInt8 = 0xFF

  /// What the file's characters are in.
  let encoding: TextEncoding
  /// Pieces of text that were no characters, so far. None are counted in UTF-8.
  private(set) var brokenCharacters: Int64 = 0

  private let bytes: ByteStream
  private let decoder: TextDecoder?
  private let input: UnsafeMutableRawBufferPointer
  /// Bytes read and not handed over yet are `input[start..<end]`.
  private var start = 0
  private var end = 0
  private var atEnd = false

  private static let inputBytes = 1 << 16

  /// Path as it was given.
  var path: String { bytes.path }
  /// Bytes taken from the file so far, as it is stored.
  var bytesRead: Int64 { bytes.bytesRead }
  /// Size of the file as it is stored; nil where none is known.
  var totalBytes: Int64? { bytes.totalBytes }

  /// Opens `path`; `-` is standard input.
  ///
  /// - Parameter declared: The encoding of a file without a byte order mark.
  /// - Throws: `InputError` as `ByteStream` does, and where the file is plainly in UTF-8 though
  ///   another encoding is declared, or this system cannot read the encoding.
  init(path: String, declared: TextEncoding) throws {
    bytes = try ByteStream(path: path)
    input = .allocate(byteCount: Self.inputBytes, alignment: 64)
    do {
      while end < 4 {
        let count = try bytes.read(into: UnsafeMutableRawBufferPointer(rebasing: input[end...]))
        if count == 0 { break }
        end += count
      }
      let head = UnsafeRawBufferPointer(rebasing: input[..<end])
      encoding = try Self.encoding(of: head, declared: declared, path: path)
      if encoding == .utf8 {
        decoder = nil
      } else {
        start = TextEncoding.mark(head)?.length ?? 0
        decoder = try TextDecoder(encoding, path: path)
      }
    } catch {
      input.deallocate()
      throw error
    }
  }

  deinit { input.deallocate() }

  private static func encoding(
    of head: UnsafeRawBufferPointer, declared: TextEncoding, path: String
  ) throws -> TextEncoding {
    if let mark = TextEncoding.mark(head) { return mark.encoding }
    if declared == .utf8 { return .utf8 }
    guard !TextEncoding.isPlainlyUTF8(head) else {
      throw InputError(
        .unsupported, file: path, reason: "is UTF-8 text, not \(declared.rawValue)",
        advice: "leave csv.encoding out of the pipeline, or convert the other files with iconv")
    }
    guard declared == .utf16 else { return declared }
    // As Windows writes it, unless its zero bytes say otherwise.
    return TextEncoding.guess(head) == .utf16BE ? .utf16BE : .utf16LE
  }

  /// Fills the beginning of `target`, which has room for 16 bytes at least. Returns the number of
  /// bytes, 0 at the end.
  ///
  /// - Throws: `InputError`, as `ByteStream` does.
  func read(into target: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let decoder else {
      if start == end { return try bytes.read(into: target) }
      let count = min(end - start, target.count)
      target.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: input[start..<(start + count)]))
      start += count
      return count
    }
    while true {
      if start < end {
        let result = decoder.decode(
          UnsafeMutableRawBufferPointer(rebasing: input[start..<end]), into: target, atEnd: atEnd)
        start += result.taken
        brokenCharacters += Int64(result.broken)
        if result.made > 0 { return result.made }
      }
      if atEnd { return 0 }
      let rest = end - start
      input.copyMemory(from: UnsafeRawBufferPointer(rebasing: input[start..<end]))
      (start, end) = (0, rest)
      let count = try bytes.read(into: UnsafeMutableRawBufferPointer(rebasing: input[rest...]))
      end += count
      atEnd = count == 0
    }
  }
}

/// Turns text of one encoding into UTF-8, piece by piece.
private final class TextDecoder {
  private let converter: iconv_t
  /// Bytes that are passed over where there is no character.
  private let unit: Int
  /// Whether a byte of 0x80 is the euro sign, as Windows writes it.
  private let hasEuro: Bool

  init(_ encoding: TextEncoding, path: String) throws {
    let opened = iconv_open("UTF-8", Self.name(encoding))
    // It answers (iconv_t) -1, not null.
    guard let opened, Int(bitPattern: opened) != -1 else {
      throw InputError(
        .unsupported, file: path,
        reason: "is in \(encoding.rawValue), which the C library of this system cannot read",
        advice: "install its converters (gconv modules), or convert the file with iconv elsewhere")
    }
    converter = opened
    unit = encoding == .utf16LE || encoding == .utf16BE ? 2 : 1
    hasEuro = encoding == .gbk || encoding == .gb18030
  }

  deinit { iconv_close(converter) }

  /// Names of the C library, of the largest set of characters that goes by a name.
  private static func name(_ encoding: TextEncoding) -> String {
    switch encoding {
    case .utf8: "UTF-8"
    case .gbk, .gb18030: "GB18030"
    case .big5: "BIG5"
    case .shiftJIS: "CP932"
    case .eucKR: "CP949"
    case .utf16, .utf16LE: "UTF-16LE"
    case .utf16BE: "UTF-16BE"
    case .windows1252: "CP1252"
    }
  }

  /// Decodes as much of `source` as `target` has room for. A character that is cut at the end of
  /// `source` is not taken, unless nothing more comes.
  func decode(
    _ source: UnsafeMutableRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    atEnd: Bool
  ) -> (taken: Int, made: Int, broken: Int) {
    var next = source.baseAddress?.assumingMemoryBound(to: CChar.self)
    var left = source.count
    var out = target.baseAddress?.assumingMemoryBound(to: CChar.self)
    var room = target.count
    var broken = 0
    while left > 0 {
      let result = iconv(converter, &next, &left, &out, &room)
      if result != -1 { break }
      let code = errno
      guard code == EILSEQ || (code == EINVAL && atEnd) else { break }
      guard room >= 3, let place = out, let character = next else { break }
      let isEuro = hasEuro && UInt8(bitPattern: character.pointee) == 0x80
      let text: [UInt8] = isEuro ? [0xE2, 0x82, 0xAC] : [TextStream.brokenByte]
      for (index, byte) in text.enumerated() { place[index] = CChar(bitPattern: byte) }
      out = place + text.count
      room -= text.count
      if !isEuro { broken += 1 }
      let skipped = code == EINVAL ? left : min(unit, left)
      next = character + skipped
      left -= skipped
      _ = iconv(converter, nil, nil, nil, nil)
    }
    return (source.count - left, target.count - room, broken)
  }
}

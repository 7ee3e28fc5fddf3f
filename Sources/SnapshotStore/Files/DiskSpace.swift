/// Room on the devices that files lie on.
public enum DiskSpace {
  /// Bytes that this user may still write beside the file `path`; nil where nobody can tell.
  public static func freeBytes(at path: String) -> Int64? { FileSystem.freeBytes(at: path) }
}

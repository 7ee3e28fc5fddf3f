/// Ids of people for those who may not see them: enough to tell two apart, too little to know who.
enum Masking {
  /// The first characters, at most a third of them and at most three, and how many there are.
  static func masked(_ text: String) -> String {
    let shown = text.prefix(min(3, text.count / 3))
    return shown + "•••(\(text.count))"
  }
}

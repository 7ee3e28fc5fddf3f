/// Makes a failing list of things as short as it gets: drops halves, quarters … and single things
/// for as long as it still fails. At most `attempts` lists are tried.
public func shrunk<T>(_ items: [T], attempts: Int = 2000, fails: ([T]) -> Bool) -> [T] {
  var items = items
  var left = attempts
  var size = max(1, items.count / 2)
  while left > 0 {
    var isShorter = false
    var start = 0
    while start < items.count, left > 0 {
      left -= 1
      var fewer = items
      fewer.removeSubrange(start..<min(start + size, items.count))
      if fails(fewer) {
        items = fewer
        isShorter = true
      } else {
        start += size
      }
    }
    if size == 1 && !isShorter { break }
    if !isShorter { size = max(1, size / 2) }
  }
  return items
}

/// Names of fields that lead to persons, whatever is in them.
enum PersonalName {
  private static let words: Set<String> = [
    "name", "firstname", "lastname", "fullname", "nickname", "realname", "surname", "username",
    "email", "mail", "phone", "mobile", "tel", "telephone", "cell", "cellphone", "fax", "address",
    "addr", "street", "birthday", "birthdate", "dob", "idcard", "idnumber", "passport", "ssn",
    "password", "passwd", "token", "secret", "card", "cardnumber", "iban", "account", "ip",
    "ipaddress", "lat", "lon", "lng", "latitude", "longitude", "imei", "idfa", "openid", "unionid",
    "wechat", "qq", "userid", "recipient", "consignee", "addressee", "contact",
  ]
  /// Things whose `name` is not one of a person.
  private static let things: Set<String> = [
    "event", "action", "product", "item", "goods", "category", "campaign", "channel", "page",
    "screen", "app", "file", "brand", "store", "shop", "plan", "course", "city", "country",
    "region",
    "province", "state", "device", "browser", "os", "host", "service", "topic", "metric", "sensor",
    "step", "type", "stage", "group", "team", "role", "table", "column", "field", "model", "domain",
  ]
  private static let signs = [
    "姓名", "昵称", "电话", "手机", "邮箱", "地址", "生日", "身份证", "护照", "密码", "账号", "卡号", "微信", "收货人",
    "收件人", "联系人", "买家", "客户",
  ]

  /// Whether the last name of a path is one of them, or has one as a part: `customer_name`,
  /// `shippingAddress`, `phone-number`; not `event_name`.
  static func matches(_ steps: [String]) -> Bool {
    guard let last = steps.last else { return false }
    if words.contains(RoleWords.normal(last)) { return true }
    // A program of a customer's, in one word, is no customer.
    let plain = last.split(separator: "客户端").joined(separator: " ")
    if signs.contains(where: { plain.contains($0) }) { return true }
    let parts = parts(of: last)
    if let first = parts.first, ["is", "has"].contains(first) { return false }
    return parts.indices.contains { index in
      guard words.contains(parts[index]) else { return false }
      let isThing = index > 0 && things.contains(parts[index - 1])
      return !(parts[index] == "name" && isThing)
    }
  }

  /// The parts of a name between signs, and between a small letter and a capital, in lower case.
  private static func parts(of name: String) -> [String] {
    var parts = [""]
    var wasSmall = false
    for character in name {
      let isCapital = character.isUppercase
      if !character.isLetter || (isCapital && wasSmall) { parts.append("") }
      if character.isLetter { parts[parts.count - 1] += character.lowercased() }
      wasSmall = character.isLowercase
    }
    return parts.filter { !$0.isEmpty }
  }
}

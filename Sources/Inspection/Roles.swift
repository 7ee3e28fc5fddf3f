import StreamCore

/// Which field is what: event name, user, time, id.
public struct RoleChoice: Sendable, Encodable {
  /// What one of the event's own fields is taken from, and why.
  public struct Choice: Sendable, Encodable {
    /// Paths, the first that is filled counts; none when it is something else.
    public var paths: [[String]] = []
    /// A constant name for all events.
    public var constant: String?
    /// Whether it is the record's own timestamp, or of the user its key.
    public var isOfRecord = false
    /// Why it was chosen.
    public var reason: String
    /// How sure that is, 0 to 1.
    public var confidence: Double

    /// How a person would write it.
    public var text: String {
      if let constant { return "always \(constant)" }
      if isOfRecord { return "of the record itself" }
      return paths.map { $0.map { Mask.shown($0) }.joined(separator: ".") }
        .joined(separator: ", else ")
    }

    private enum CodingKeys: String, CodingKey { case field, constant, reason, confidence }

    /// Writes it with the paths as one text.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(text, forKey: .field)
      try container.encode(reason, forKey: .reason)
      try container.encode(confidence, forKey: .confidence)
    }
  }

  /// The preset whose fields these are; nil for fields of their own.
  public var preset: String?
  /// The event's name.
  public var name: Choice?
  /// The user.
  public var user: Choice?
  /// Event time.
  public var time: Choice?
  /// The pattern that the time needs; nil for RFC 3339 and epoch numbers.
  public var timePattern: String?
  /// The id of an event.
  public var id: Choice?

  /// Nothing chosen.
  public init() {}

  /// Whether events can be made of the records.
  public var isUsable: Bool { name != nil && time != nil }
}

/// Roles that a person has chosen.
public struct RoleOverrides: Sendable {
  /// Path of each, by `name`, `user`, `time`, `id`.
  public var paths: [String: String] = [:]
  /// The preset to use; nil to look for one.
  public var preset: String?

  /// Nothing is chosen.
  public init() {}
}

/// Words that fields are called by.
enum RoleWords {
  static let name = [
    "event", "eventname", "eventtype", "action", "name", "type", "eventid", "behavior", "behaviour",
    "activity", "操作", "事件", "事件名称", "事件名", "行为", "动作", "eventcode", "act", "category",
  ]
  static let user = [
    "userid", "uid", "user", "distinctid", "customerid", "memberid", "accountid", "visitorid",
    "anonymousid", "clientid", "customer", "member", "buyerid", "openid", "deviceid", "sessionid",
    "用户id", "用户", "用户编号", "会员号", "会员id", "会员编号", "客户编号", "客户", "买家", "username", "account",
  ]
  static let time = [
    "timestamp", "eventtime", "time", "ts", "datetime", "occurredat", "at", "createdat",
    "eventtimestamp", "date", "clienttime", "servertime", "createtime", "created", "ordertime",
    "orderdate", "paytime", "时间", "事件时间", "时间戳", "日期", "下单时间", "创建时间", "支付时间", "订单时间", "day",
  ]
  static let id = [
    "messageid", "eventid", "uuid", "id", "insertid", "msgid", "eventuuid", "recordid", "logid",
    "trackid", "transactionid", "orderid", "编号", "消息id", "订单号", "订单编号",
  ]
  static let amount = [
    "amount", "total", "revenue", "price", "value", "sum", "money", "pay", "payment", "gmv", "cost",
    "fee", "sales", "dollars", "quantity", "qty", "金额", "价格", "总价", "实付", "销售额", "费用", "单价", "数量",
  ]
  static let entity = [
    "ip", "ipaddress", "deviceid", "device", "orderid", "order", "sessionid", "session", "card",
    "cardid", "paymentid", "sku", "productid", "设备", "订单号",
  ]
  static let dimension = [
    "platform", "channel", "os", "city", "country", "region", "source", "utmsource", "devicetype",
    "acquisitionchannel", "category", "campaign", "currency", "version", "province", "平台", "渠道",
    "城市", "省份", "来源", "类目",
  ]
  static let purchase = [
    "purchase", "paid", "购买", "支付", "付款", "成交", "order", "下单", "buy", "pay", "subscribe",
  ]
  static let failure = ["error", "fail", "bug", "cancel", "refund", "decline", "失败", "取消", "退款"]

  /// Lower case, without signs and blanks: `User ID`, `user_id` and `userId` are one.
  static func normal(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  /// How well `name` fits `words`: 1 for the first, less for later ones, 0 for none.
  static func score(_ name: String, _ words: [String]) -> Double {
    let normal = normal(name)
    guard let index = words.firstIndex(of: normal) else { return 0 }
    return 1 - 0.5 * Double(index) / Double(words.count)
  }

  /// How likely an event of this name is somebody's aim: a place among the words for purchases, the
  /// lower the better; nil for none and for what went wrong.
  static func purchasePlace(_ name: String) -> Int? {
    let normal = normal(name)
    if failure.contains(where: { normal.contains($0) }) { return nil }
    return purchase.firstIndex { normal.contains($0) }
  }

  /// Whether one of `words` is part of `name`.
  static func contains(_ name: String, _ words: [String]) -> Bool {
    let normal = normal(name)
    return words.contains { normal.contains($0) }
  }
}

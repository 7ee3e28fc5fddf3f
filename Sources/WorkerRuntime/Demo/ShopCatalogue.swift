/// What the simulated shop sells, to whom, and when.
enum ShopCatalogue {
  struct Product {
    var name: StaticString
    /// Price in hundredths of a yuan.
    var cents: Int64
  }

  static let products: [Product] = [
    Product(name: "green tea 250g", cents: 4_990), Product(name: "丝绸围巾", cents: 25_900),
    Product(name: "running shoes", cents: 49_900), Product(name: "蓝牙耳机", cents: 29_900),
    Product(name: "rice cooker", cents: 39_950), Product(name: "保温杯", cents: 8_990),
    Product(name: "desk lamp", cents: 15_900), Product(name: "充电宝", cents: 12_850),
    Product(name: "phone case", cents: 3_580), Product(name: "手机 128GB", cents: 299_900),
    Product(name: "hand cream", cents: 5_990), Product(name: "面膜 10片", cents: 9_900),
    Product(name: "backpack", cents: 21_900), Product(name: "雨伞", cents: 6_900),
    Product(name: "coffee beans 1kg", cents: 13_800), Product(name: "坚果礼盒", cents: 16_800),
    Product(name: "yoga mat", cents: 9_950), Product(name: "儿童积木", cents: 18_900),
    Product(name: "air fryer", cents: 32_900), Product(name: "电动牙刷", cents: 19_900),
    Product(name: "notebook A5", cents: 1_990), Product(name: "羽绒服", cents: 69_900),
    Product(name: "sunglasses", cents: 27_950), Product(name: "毛巾 3条", cents: 4_580),
  ]

  /// Cities; earlier ones have more customers.
  static let cities: [StaticString] = [
    "上海", "北京", "深圳", "广州", "杭州", "成都", "武汉", "西安", "南京", "重庆", "苏州", "厦门",
  ]

  static let devices: [StaticString] = ["iPhone", "Android", "HarmonyOS", "Windows", "Mac"]

  /// Share of a day's sessions on each channel, in the order of `ShopChannel`.
  static let channelShares: [Double] = [0.28, 0.34, 0.22, 0.10, 0.06]

  /// How busy each hour of the day is on each channel, in the shop's own time; means are 1 or near.
  static let rhythms: [[Double]] = [
    // web: office hours
    [
      0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.4, 0.8, 1.3, 1.7, 1.8, 1.7,
      1.5, 1.5, 1.6, 1.6, 1.5, 1.3, 1.1, 1.2, 1.3, 1.2, 0.9, 0.6,
    ],
    // app: mornings, noon, evenings
    [
      0.4, 0.2, 0.1, 0.1, 0.1, 0.3, 0.8, 1.3, 1.2, 0.9, 0.9, 1.1,
      1.6, 1.2, 0.9, 0.9, 1.0, 1.2, 1.4, 1.7, 2.0, 2.1, 1.6, 0.9,
    ],
    // mini program: noon and evenings
    [
      0.3, 0.2, 0.1, 0.1, 0.1, 0.2, 0.6, 1.0, 1.0, 1.0, 1.1, 1.4,
      1.9, 1.4, 1.1, 1.0, 1.1, 1.3, 1.5, 1.7, 1.8, 1.6, 1.0, 0.5,
    ],
    // livestream: evenings
    [
      0.5, 0.2, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9,
      1.0, 0.9, 0.8, 0.8, 0.9, 1.0, 1.3, 2.4, 3.6, 3.8, 2.2, 1.0,
    ],
    // store: opening hours
    [
      0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.05, 0.2, 1.0, 1.6, 1.8,
      2.0, 1.8, 1.7, 1.8, 2.0, 2.3, 2.5, 2.4, 1.9, 1.0, 0.2, 0.05,
    ],
  ]

  /// The shop's own time is that of Asia/Shanghai, which has no daylight saving.
  static let offsetMs: Int64 = 8 * 3_600_000
}

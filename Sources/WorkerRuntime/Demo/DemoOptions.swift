import StreamCore

/// How a demonstration runs.
public struct DemoOptions: Sendable {
  /// Text of the pipeline file; its `${WEIR_BROKERS}` becomes the embedded broker.
  public var pipelineText: String
  /// The public file. One of an earlier demonstration is replaced, any other refused.
  public var dataPath: String
  /// Decides everything that chance decides in the shop.
  public var seed: UInt64 = 1
  /// Customers of the shop.
  public var customers = 20_000
  /// Event time that passes in a unit of wall time.
  public var speed = 60.0
  /// When the shop opens, in event time.
  public var opening = openingDefault
  /// After so many events the shop closes; nil for never.
  public var eventsMax: Int?
  /// Threads that run partition tasks.
  public var lanes = 2
  /// Told of trouble that is survived. Called from any thread.
  public var log = Log.silent
  /// Told how the worker does, from its thread.
  public var onStatus: @Sendable (WorkerStatus) -> Void = { _ in }

  /// An evening of a sale: 2026-06-18 19:00 in Shanghai.
  public static let openingDefault = EventTime(ms: 1_781_780_400_000)

  /// Makes options.
  public init(pipelineText: String, dataPath: String) {
    self.pipelineText = pipelineText
    self.dataPath = dataPath
  }
}

/// How a demonstration is doing.
public struct DemoProgress: Sendable {
  /// Events that the shop has sent.
  public var sent = 0
  /// What the shop's clock shows.
  public var shopTime: EventTime
  /// Whether the shop has sent all that it ever will.
  public var isShopClosed = false
  /// What the worker said last.
  public var status = WorkerStatus()
  /// Events read a second of wall time, lately; nil before it is known.
  public var readPerSecond: Double?
  /// Whether shop and worker have ended.
  public var hasEnded = false

  /// Nothing has happened yet.
  public init(shopTime: EventTime) { self.shopTime = shopTime }
}

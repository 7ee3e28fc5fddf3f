struct WindowCalendar { let w: WindowPlan
 init(window: WindowPlan, zone: Zone) { w = window }
 mutating func ordinal(of t: EventTime) -> Int64 { let u: Int64 = w.unit == .millisecond ? 1 : 86_400_000; let e = w.every * u; return t.ms >= 0 ? t.ms / e : -((-t.ms + e - 1) / e) }
 func start(_ o: Int64) -> EventTime { EventTime(ms: o * w.every * (w.unit == .millisecond ? 1 : 86_400_000)) }
 func end(_ o: Int64) -> EventTime { EventTime(ms: start(o).ms + w.size * (w.unit == .millisecond ? 1 : 86_400_000)) }
}

import PipelineSpec
import StreamCore

/// Times as people read and write them: in the pipeline's zone.
enum ZoneTimes {
  /// RFC 3339, or a local time or date of `zone`; the offset's `+` may have become a blank.
  static func parse(_ text: String, zone: Zone) -> EventTime? {
    Instants.parse(text, zone: zone)
      ?? Instants.parse(text.replacing(" ", with: "+"), zone: zone)
  }

  /// `2026-01-31 08:00`.
  static func minute(_ time: EventTime, _ zone: Zone) -> String {
    String(Instants.text(time, zone: zone).prefix(16)).replacing("T", with: " ")
  }

  /// `2026-01-31 08:00:07`.
  static func second(_ time: EventTime, _ zone: Zone) -> String {
    String(Instants.text(time, zone: zone).prefix(19)).replacing("T", with: " ")
  }

  /// `2026-01-31`.
  static func day(_ time: EventTime, _ zone: Zone) -> String {
    String(Instants.text(time, zone: zone).prefix(10))
  }

  /// The start of a window of that length: a day's date, or a minute.
  static func window(_ start: EventTime, _ end: EventTime, _ zone: Zone) -> String {
    end.ms - start.ms >= 23 * 3_600_000 ? day(start, zone) : minute(start, zone)
  }

  /// `2026-01-31T08:00`, as fields of forms have it.
  static func field(_ time: EventTime, _ zone: Zone) -> String {
    String(Instants.text(time, zone: zone).prefix(16))
  }

  /// A wall time, to the second.
  static func second(_ time: WallTime, _ zone: Zone) -> String {
    second(EventTime(ms: time.ms), zone)
  }
}

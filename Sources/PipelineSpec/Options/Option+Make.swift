// Makers of typed options: one for each kind of value.

extension Option where Value == Bool {
  static func flag(_ name: String, default value: Bool, _ text: String) -> Self {
    Option(
      OptionSpec(name: name, kind: .flag, defaultText: value ? "true" : "false", text: text)
    ) { if case .flag(let value) = $0 { value } else { nil } }
  }

  static func presence(_ name: String, _ text: String) -> Self {
    Option(OptionSpec(name: name, kind: .presence, text: text, example: "true")) {
      if case .flag(let value) = $0 { value } else { nil }
    }
  }
}

extension Option where Value == Int64 {
  static func integer(
    _ name: String, default value: Int64? = nil, in range: ClosedRange<Int64>, _ text: String,
    example: String? = nil
  ) -> Self {
    Option(
      OptionSpec(
        name: name, kind: .integer(range), defaultText: value.map { String($0) }, text: text,
        example: example)
    ) { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// In milliseconds.
  static func duration(
    _ name: String, default value: String? = nil, required: Bool = false,
    in range: ClosedRange<Int64>, _ text: String, example: String? = nil
  ) -> Self {
    Option(
      OptionSpec(
        name: name, kind: .duration(range), defaultText: value, isRequired: required, text: text,
        example: example)
    ) { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// In bytes.
  static func size(
    _ name: String, default value: String, in range: ClosedRange<Int64>, _ text: String
  ) -> Self {
    Option(OptionSpec(name: name, kind: .size(range), defaultText: value, text: text)) {
      if case .integer(let value) = $0 { value } else { nil }
    }
  }
}

extension Option where Value == Double {
  static func decimal(
    _ name: String, default value: String? = nil, in range: ClosedRange<Double>, _ text: String,
    example: String? = nil
  ) -> Self {
    Option(
      OptionSpec(
        name: name, kind: .decimal(range), defaultText: value, text: text, example: example)
    ) { if case .decimal(let value) = $0 { value } else { nil } }
  }

  /// Any number but those that are not finite.
  static func number(
    _ name: String, required: Bool = false, _ text: String, example: String
  ) -> Self {
    let greatest = Double.greatestFiniteMagnitude
    return Option(
      OptionSpec(
        name: name, kind: .decimal(-greatest...greatest), isRequired: required, text: text,
        example: example)
    ) { if case .decimal(let value) = $0 { value } else { nil } }
  }
}

extension Option where Value == String {
  static func text(
    _ name: String, kind: OptionKind = .text, default value: String? = nil,
    required: Bool = false, _ text: String, example: String? = nil
  ) -> Self {
    Option(
      OptionSpec(
        name: name, kind: kind, defaultText: value, isRequired: required, text: text,
        example: example)
    ) { if case .text(let value) = $0 { value } else { nil } }
  }

  static func choice(
    _ name: String, _ words: [String], default value: String, _ text: String
  ) -> Self {
    self.text(name, kind: .choice(words), default: value, text)
  }
}

extension Option where Value == WindowLength {
  static func window(
    _ name: String, default value: String? = nil, _ text: String, example: String
  ) -> Self {
    Option(
      OptionSpec(name: name, kind: .window, defaultText: value, text: text, example: example)
    ) {
      if case .window(let value) = $0 { value } else { nil }
    }
  }
}

extension Option where Value == ConfigNode {
  static func expression(_ name: String, _ text: String, example: String) -> Self {
    Option(OptionSpec(name: name, kind: .expression, text: text, example: example)) {
      if case .node(let value) = $0 { value } else { nil }
    }
  }

  static func requiredExpression(_ name: String, _ text: String, example: String) -> Self {
    var option = expression(name, text, example: example)
    option.spec.isRequired = true
    return option
  }

  /// A value that other code reads; `legal` says what it looks like.
  static func custom(
    _ name: String, _ legal: String, default value: String? = nil, required: Bool = false,
    _ text: String, example: String? = nil
  ) -> Self {
    Option(
      OptionSpec(
        name: name, kind: .custom(legal), defaultText: value, isRequired: required, text: text,
        example: example)
    ) { if case .node(let value) = $0 { value } else { nil } }
  }
}

extension Option where Value == Settings {
  static func group(_ name: String, _ children: [OptionSpec], _ text: String) -> Self {
    Option(OptionSpec(name: name, kind: .group(children), text: text)) {
      if case .group(let value) = $0 { value } else { nil }
    }
  }
}

extension Option where Value == [NamedSettings] {
  static func named(
    _ name: String, _ names: OptionKind, _ children: [OptionSpec], _ text: String
  ) -> Self {
    Option(OptionSpec(name: name, kind: .named(names, children), text: text)) {
      if case .named(let value) = $0 { value } else { nil }
    }
  }
}

extension Option where Value == [Settings] {
  static func list(
    _ name: String, _ children: [OptionSpec], required: Bool = false, _ text: String
  ) -> Self {
    Option(
      OptionSpec(name: name, kind: .list(children), isRequired: required, text: text)
    ) { if case .list(let value) = $0 { value } else { nil } }
  }
}

import HTTPTypes
import StreamCore

/// What all pages need: assets, signing in and out, the language.
enum FrameEndpoints {
  static let all: [Endpoint] = [
    asset(Assets.style), asset(Assets.script), asset(Assets.icon), language, signIn, signInForm,
    signOut,
  ]

  private static func asset(_ asset: Assets.Asset) -> Endpoint {
    .constant(asset.plainPath, kind: .hidden) {
      var answer = Answer(contentType: asset.contentType, body: asset.bytes)
      answer.headers[.cacheControl] = "public, max-age=31536000, immutable"
      return answer
    }
  }

  /// Chooses a language and goes back.
  private static let language = Endpoint(
    .get, "/language", kind: .hidden, access: .open, summary: "",
    parameters: [
      .query("lang", .choice(Language.allCases.map(\.rawValue)), ""),
      .query("back", .text(max: 4_096), ""),
    ], isCached: false
  ) { asked in
    var answer = Answer.seeOther(back(asked))
    if let language = asked.text("lang") {
      answer.headers[.setCookie] =
        "\(LanguageChoice.cookie)=\(language); Path=/; Max-Age=31536000; SameSite=Lax"
    }
    return answer
  }

  private static let signIn = Endpoint(
    .get, "/sign-in", kind: .page, access: .open, summary: "",
    parameters: [.query("back", .text(max: 4_096), "")], isCached: false
  ) { asked in page(asked, failed: false) }

  private static let signInForm = Endpoint(
    .post, "/sign-in", kind: .page, access: .open, summary: "",
    parameters: [
      .field("token", .text(max: 1_024), ""),
      .field("back", .text(max: 4_096), "", isRequired: false),
    ]
  ) { asked in
    guard
      let id = try asked.console.sessions.begin(secret: asked.text("token") ?? "", now: asked.now)
    else {
      var answer = page(asked, failed: true)
      answer.status = .forbidden
      return answer
    }
    var answer = Answer.seeOther(back(asked))
    answer.headers[.setCookie] =
      "\(Sessions.cookie)=\(id); Path=/; HttpOnly; SameSite=Strict; "
      + "Max-Age=\(Sessions.lifeMs / 1_000)"
    return answer
  }

  private static let signOut = Endpoint(
    .post, "/sign-out", kind: .page, access: .open, summary: ""
  ) { asked in
    if let id = asked.session { asked.console.sessions.end(id) }
    var answer = Answer.seeOther("/")
    answer.headers[.setCookie] = "\(Sessions.cookie)=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    return answer
  }

  private static func page(_ asked: Asked, failed: Bool) -> Answer {
    let words = asked.words.frame
    let failure: HTML =
      failed ? "<p class=\"notice problem\" role=\"alert\">\(words.signInFailed)</p>" : .empty
    return PageFrame.answer(
      asked, nil, title: words.signIn,
      body: """
        <p>\(words.signInHelp)</p>\(failure)
        <form class="change" method="post" action="/sign-in">
        <input type="hidden" name="back" value="\(back(asked))">
        <label>\(words.token) <input type="password" name="token" required \
        autocomplete="current-password" maxlength="1024"></label>
        <button>\(words.signIn)</button></form>
        """)
  }

  /// Where the reader came from; the overview when that is no page of this console.
  static func back(_ asked: Asked) -> String {
    asked.text("back").flatMap { URLText.isOwnPath($0) ? $0 : nil } ?? "/"
  }
}

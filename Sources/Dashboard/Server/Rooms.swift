/// Every address of the console, room by room. A new page or API is one line here.
enum Rooms {
  static let endpoints: [Endpoint] = [
    FrameEndpoints.all,
    HealthEndpoints.all,
    DocumentEndpoints.all,
    OverviewPage.endpoints,
    OverviewAPI.endpoints,
    SeriesPage.endpoints,
    SessionsPage.endpoints,
    ConversionPage.endpoints,
    RetentionPage.endpoints,
    WallPage.endpoints,
    ResultsAPI.endpoints,
    AlertsPage.endpoints,
    AlertChange.forms,
    AlertsAPI.endpoints,
    DataPage.endpoints,
    OutboxChange.forms,
    DataAPI.endpoints,
    ThresholdsPage.endpoints,
    ThresholdChange.forms,
    ThresholdsAPI.endpoints,
  ].flatMap(\.self)
}

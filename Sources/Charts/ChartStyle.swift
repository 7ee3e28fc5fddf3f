/// The looks of charts.
public enum ChartStyle {
  /// A stylesheet for all charts: light, or dark where the reader has it so. Series differ in
  /// colour and in their dashes.
  public static let sheet = """
    :root {
      color-scheme: light dark;
      --page: #ffffff; --text: #1c2430; --muted: #5b6675; --grid: #e4e8ee; --axis: #a9b2bf;
      --s0: #2563c9; --s1: #c2570c; --s2: #0b7f63; --s3: #8b3fc4; --s4: #b3266b; --s5: #5f6b2a;
      --alert: #c8102e; --incident: #6b5b95; --threshold: #8a5a00; --good: #0b7f63;
      --panel: #f5f7fa; --on-dark: #ffffff;
      --h1: #e8effb; --h2: #d0dff6; --h3: #b3caf0; --h4: #92b3e8; --h5: #4a7dd3; --h6: #2f66bf;
      --h7: #1d4c9c;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --page: #12161c; --text: #e6eaf0; --muted: #9aa6b5; --grid: #262d37; --axis: #566170;
        --s0: #6ea8ff; --s1: #ff9f57; --s2: #45cfa4; --s3: #c99bff; --s4: #ff85b8; --s5: #bcc96a;
        --alert: #ff6b78; --incident: #b3a1e6; --threshold: #f0b74d; --good: #45cfa4;
        --panel: #1a2029; --on-dark: #0b1220;
        --h1: #1a2740; --h2: #1f3458; --h3: #254372; --h4: #2d5391; --h5: #6f9fee; --h6: #8fb5f5;
        --h7: #b3cffa;
      }
    }
    .chart { display: block; width: 100%; height: auto; }
    .chart.narrow { display: none; }
    .chart text {
      font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans CJK SC",
        "PingFang SC", "Microsoft YaHei", sans-serif;
      fill: var(--text); font-variant-numeric: tabular-nums;
    }
    .chart .page { fill: var(--page); }
    .chart .title { font-size: 15px; font-weight: 600; }
    .chart .tick, .chart .muted { fill: var(--muted); }
    .chart .context { fill: var(--text); }
    .chart .name, .chart .value { font-size: 13px; }
    .chart .value { font-weight: 600; }
    .chart .small { font-size: 11px; fill: var(--muted); }
    .chart .small.strong { fill: var(--threshold); font-weight: 600; }
    .chart .halo { stroke: var(--page); stroke-width: 3px; paint-order: stroke; }
    .chart .end { text-anchor: end; }
    .chart .middle { text-anchor: middle; }
    .chart .grid { stroke: var(--grid); stroke-width: 1; }
    .chart .axis { stroke: var(--axis); stroke-width: 1; }
    .chart .line {
      fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round;
    }
    .chart .line.s0 { stroke: var(--s0); }
    .chart .line.s1 { stroke: var(--s1); stroke-dasharray: 7 4; }
    .chart .line.s2 { stroke: var(--s2); stroke-dasharray: 1.5 4; stroke-width: 2.2; }
    .chart .line.s3 { stroke: var(--s3); stroke-dasharray: 9 4 1.5 4; }
    .chart .line.s4 { stroke: var(--s4); stroke-dasharray: 14 4; }
    .chart .line.s5 { stroke: var(--s5); stroke-dasharray: 4 3; }
    .chart .line.provisional { stroke-dasharray: 2 3.5; stroke-width: 1.3; opacity: 0.75; }
    .chart .line.behind { stroke: var(--axis); stroke-width: 1.4; }
    .chart .fill.plain { fill: var(--s0); }
    .chart .fill.good { fill: var(--good); }
    .chart .fill.bad { fill: var(--alert); }
    .chart .mark { fill: var(--text); }
    .chart .bar.s0 { fill: var(--s0); stroke: var(--s0); }
    .chart .bar.s1 { fill: var(--s1); stroke: var(--s1); }
    .chart .bar.s2 { fill: var(--s2); stroke: var(--s2); }
    .chart .bar.s3 { fill: var(--s3); stroke: var(--s3); }
    .chart .bar.s4 { fill: var(--s4); stroke: var(--s4); }
    .chart .bar.s5 { fill: var(--s5); stroke: var(--s5); }
    .chart .bar { stroke-width: 0; fill-opacity: 0.85; }
    .chart .bar.faint { fill-opacity: 0.4; }
    .chart .bar.provisional { fill-opacity: 0.12; stroke-width: 1; stroke-dasharray: 2 2; }
    .chart .threshold { stroke: var(--threshold); stroke-width: 1.3; stroke-dasharray: 6 3; }
    .chart .leader { stroke: var(--threshold); stroke-width: 1; }
    .chart .band.alert { fill: var(--alert); fill-opacity: 0.1; }
    .chart .band.incident { fill: var(--incident); fill-opacity: 0.13; }
    .chart .span.alert { fill: var(--alert); }
    .chart .span.mild { fill: var(--threshold); }
    .chart .span.incident { stroke: var(--incident); stroke-width: 1; }
    .chart .hatch { fill: var(--incident); }
    .chart .hatch-ground { fill: var(--incident); fill-opacity: 0.25; }
    .chart .hit { fill: transparent; }
    .chart .hit:hover { fill: var(--text); fill-opacity: 0.07; }
    .chart .track { fill: var(--grid); fill-opacity: 0.6; }
    .chart .cell { stroke: var(--page); stroke-width: 1; }
    .chart .cell.h0 { fill: var(--panel); }
    .chart .cell.h1 { fill: var(--h1); }
    .chart .cell.h2 { fill: var(--h2); }
    .chart .cell.h3 { fill: var(--h3); }
    .chart .cell.h4 { fill: var(--h4); }
    .chart .cell.h5 { fill: var(--h5); }
    .chart .cell.h6 { fill: var(--h6); }
    .chart .cell.h7 { fill: var(--h7); }
    .chart .cell-text.on-dark { fill: var(--on-dark); }
    .chart .cell-text.z11 { font-size: 11px; }
    .chart .cell-text.z10 { font-size: 10px; }
    .chart .cell-text.z9 { font-size: 9px; }
    .chart .stripes { stroke: var(--muted); stroke-width: 1.6; opacity: 0.45; }
    @media (max-width: 640px) {
      .chart.wide { display: none; }
      .chart.narrow { display: block; }
    }
    @media print {
      .chart.wide { display: block; }
      .chart.narrow { display: none; }
    }

    """
}

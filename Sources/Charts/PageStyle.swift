/// The looks of pages.
public enum PageStyle {
  /// A stylesheet for pages; it uses the colours that `ChartStyle.sheet` names and comes after it.
  public static let sheet = """
    * { box-sizing: border-box; }
    html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
    body {
      margin: 0; background: var(--page); color: var(--text);
      font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
        "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
    }
    main { max-width: 1040px; margin: 0 auto; padding: 2.2rem 1.25rem 3rem; }
    h1 { font-size: 1.8rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
    h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.6rem 0 0.7rem; }
    h3 { font-size: 1.05rem; margin: 1.8rem 0 0.5rem; }
    h4 { font-size: 1rem; margin: 1.4rem 0 0.4rem; color: var(--muted); }
    h1, h2, h3, h4, p, li, dd { overflow-wrap: anywhere; }
    th, td { overflow-wrap: break-word; }
    p { margin: 0.6rem 0; max-width: 46rem; }
    ul { margin: 0.6rem 0; padding-left: 1.3rem; max-width: 46rem; }
    .subtitle { color: var(--muted); margin-top: 0.35rem; }
    code {
      font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.9em;
      background: var(--panel); border-radius: 4px; padding: 0.1em 0.25em;
    }
    pre {
      background: var(--panel); border: 1px solid var(--grid); border-radius: 8px;
      padding: 0.8rem 1rem; overflow-x: auto; line-height: 1.45;
    }
    pre code { background: none; padding: 0; }
    .notice {
      border: 1px solid var(--grid); border-left: 4px solid var(--s0); border-radius: 6px;
      background: var(--panel); padding: 0.6rem 0.9rem; margin: 0.9rem 0; max-width: none;
    }
    .notice.warning { border-left-color: var(--threshold); border-left-style: dashed; }
    .notice.problem { border-left-color: var(--alert); border-left-style: double; }
    .notice.success { border-left-color: var(--good); }
    .figures {
      display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.8rem;
      margin: 1.2rem 0;
    }
    .figures div {
      border: 1px solid var(--grid); border-radius: 8px; padding: 0.7rem 0.9rem;
      background: var(--panel);
    }
    .figures dt { color: var(--muted); font-size: 0.85rem; }
    .figures dd { margin: 0; }
    .figures .value {
      font-size: 1.5rem; font-weight: 650; line-height: 1.3; font-variant-numeric: tabular-nums;
    }
    .figures .note { color: var(--muted); font-size: 0.85rem; }
    .table { overflow-x: auto; margin: 1rem 0; }
    table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
    caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
    th, td {
      text-align: left; vertical-align: baseline; padding: 0.42rem 0.55rem;
      border-bottom: 1px solid var(--grid);
    }
    th:first-child, td:first-child { padding-left: 0.3rem; }
    thead th {
      color: var(--muted); font-weight: 600; font-size: 0.85rem; white-space: nowrap;
      border-bottom: 1px solid var(--axis);
    }
    tbody th { font-weight: 400; min-width: 8rem; }
    td.number, th.number {
      text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;
      overflow-wrap: normal;
    }
    tr.highlighted { background: var(--panel); box-shadow: inset 3px 0 0 var(--s0); }
    tr.highlighted th, tr.highlighted td { font-weight: 650; }
    figure { margin: 1.4rem 0 1.8rem; }
    figcaption { color: var(--muted); font-size: 0.88rem; margin-top: 0.4rem; max-width: 46rem; }
    details { margin: 0.8rem 0; }
    summary { cursor: pointer; color: var(--s0); }
    .table:focus-visible, pre:focus-visible, summary:focus-visible {
      outline: 2px solid var(--s0); outline-offset: 2px;
    }
    .spark { width: 7.5rem; height: 1.5rem; vertical-align: middle; display: inline-block; }
    .meter { width: 7.5rem; height: 0.65rem; vertical-align: middle; display: inline-block; }
    footer {
      margin-top: 3rem; padding-top: 0.8rem; border-top: 1px solid var(--grid);
      color: var(--muted); font-size: 0.85rem;
    }
    @media (max-width: 640px) {
      main { padding: 1.3rem 0.9rem 2rem; }
      h1 { font-size: 1.45rem; }
      th, td { padding: 0.4rem 0.45rem; }
      .figures { grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.5rem; }
      .figures .value { font-size: 1.25rem; }
    }

    """
}

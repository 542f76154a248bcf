/// The look of the report. It stands in a `style` element as it is, so it must hold none of the characters that markup escapes.
enum Stylesheet {
    static let text = """

        :root { --paper: #fdfdfb; --ink: #1d2124; --quiet: #5b6670; --rule: #d5d9dc; --panel: #f2f3f1; --shade: #e7c9a9;
          --good: #1d6b3a; --bad: #a4161a; --odd: #7a5200; --mark: #27548a; }
        @media (prefers-color-scheme: dark) {
          :root { --paper: #16191c; --ink: #e6e8ea; --quiet: #a0aab2; --rule: #3a4147; --panel: #1f2428; --shade: #5a4326;
            --good: #7fd39b; --bad: #ff8f8a; --odd: #f0c060; --mark: #8fbcf0; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 62rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.2rem 0 0.6rem; }
        h2 { font-size: 1.25rem; margin: 2.2rem 0 0.6rem; }
        h3 { font-size: 1rem; margin: 1.6rem 0 0.4rem; }
        p { margin: 0.4rem 0; }
        a { color: var(--mark); }
        code, pre { font: 0.9em/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
        pre { background: var(--panel); padding: 0.6rem 0.8rem; margin: 0.4rem 0; white-space: pre-wrap; }
        .kind { color: var(--quiet); margin: 0; }
        .lead { font-size: 1.1rem; }
        .note, figcaption { color: var(--quiet); font-size: 0.9rem; }
        .badge { display: inline-block; white-space: nowrap; border: 2px solid; border-radius: 0.3rem; padding: 0 0.45rem;
          font-weight: 600; font-size: 0.9em; text-transform: uppercase; }
        .badge.pass { color: var(--good); }
        .badge.fail, .badge.error { color: var(--bad); border-style: double; border-width: 4px; }
        .badge.invalid, .badge.inconclusive, .badge.aborted { color: var(--odd); border-style: dashed; }
        dl { margin: 0.6rem 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 0.2rem 1.5rem; }
        dl div { display: flex; gap: 0.6rem; }
        dt { color: var(--quiet); min-width: 5.5rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
        th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--rule); }
        th { color: var(--quiet); font-weight: 600; }
        section { border-top: 3px solid var(--rule); margin-top: 3rem; }
        figure { margin: 1rem 0; overflow-x: auto; }
        svg { display: block; min-width: 44rem; width: 100%; height: auto; background: var(--panel); }
        svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
        svg .quiet { fill: var(--quiet); font-size: 11px; }
        svg .shade { fill: var(--shade); opacity: 0.55; }
        svg .rule { stroke: var(--rule); }
        svg .instant { stroke: var(--ink); stroke-dasharray: 4 3; }
        svg .curve { fill: none; stroke: var(--mark); stroke-width: 1.5; }
        svg .bars { fill: var(--mark); }
        svg .on { fill: var(--mark); opacity: 0.75; }
        svg .off { fill: none; stroke: var(--bad); stroke-dasharray: 3 2; }
        svg .tick { stroke: var(--bad); stroke-width: 1.5; }
        footer { border-top: 3px solid var(--rule); margin-top: 3rem; }
        @media (max-width: 40rem) {
          .wide td, .wide th { min-width: 6.5rem; }
        }
        @media print {
          :root { --paper: #fff; --ink: #000; --quiet: #444; --rule: #bbb; --panel: #fff; --shade: #ddd; --good: #000; --bad: #000;
            --odd: #000; --mark: #000; }
          body { font-size: 10pt; }
          main { max-width: none; padding: 0; }
          section { break-before: page; }
          figure, tr, .lead { break-inside: avoid; }
          .wide, figure { overflow: visible; }
          svg { min-width: 0; }
        }

        """
}

/// The look of the report. It stands in a `style` element as it is, so it must hold none of the characters that markup escapes.
enum Stylesheet {
    static let text = colours + page + parts + pictures + media

    /// Every pair of ink and ground has a contrast of at least 4.5 : 1, in both schemes.
    private static let colours = """

        :root { --paper: #fcfcfa; --card: #ffffff; --ink: #16202a; --quiet: #55616d; --rule: #d9dee3; --faint: #e9edf0;
          --good: #12683a; --good-ground: #e6f4ea; --bad: #a81c1c; --bad-ground: #fdeceb; --odd: #7a5000; --odd-ground: #fdf3dc;
          --mark: #1f5a94; --fill: #5b87b5; --fault: #f8e4c6; --fault-line: #c98a35; --after: #fdf6e8; --link: #134f8c; }
        @media (prefers-color-scheme: dark) {
          :root { --paper: #12171c; --card: #1a2128; --ink: #e9edf1; --quiet: #a3b0bc; --rule: #36414c; --faint: #232c35;
            --good: #7ddc9f; --good-ground: #143324; --bad: #ff9d97; --bad-ground: #46191a; --odd: #f3c566; --odd-ground: #3d2e0c;
            --mark: #8cc0f5; --fill: #5f90c4; --fault: #4a381c; --fault-line: #b98232; --after: #2b2619; --link: #9ccbff; } }

        """

    private static let page = """

        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, Noto Sans, sans-serif;
          font-variant-numeric: tabular-nums; }
        main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
        h1, h2, h3, p, dl, figure, table, ul { margin: 0; }
        h1 { font-size: 2rem; line-height: 1.2; font-weight: 700; letter-spacing: -0.01em; }
        h2 { font-size: 1.35rem; line-height: 1.3; font-weight: 700; margin: 2.5rem 0 0.75rem; }
        h3 { font-size: 1rem; font-weight: 700; margin: 2rem 0 0.5rem; }
        a { color: var(--link); text-underline-offset: 0.15em; }
        :focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
        code, pre { font: 0.875rem/1.5 ui-monospace, DejaVu Sans Mono, monospace; overflow-wrap: anywhere; }
        pre { background: var(--faint); padding: 0.6rem 0.8rem; margin: 0.3rem 0 0.8rem; border-radius: 0.3rem; white-space: pre-wrap; }
        .kind { color: var(--quiet); font-size: 0.875rem; margin-bottom: 0.75rem; }
        .lead { font-size: 1.125rem; line-height: 1.45; margin-top: 0.4rem; max-width: 52rem; }
        .note, figcaption, .missing, footer { color: var(--quiet); font-size: 0.875rem; }
        .missing { font-style: italic; }

        """

    private static let parts = """

        .banner { display: grid; grid-template-columns: auto 1fr; gap: 0.25rem 1.1rem; align-items: center; padding: 1.1rem 1.25rem;
          border-left: 0.5rem solid; border-radius: 0.3rem; }
        .banner .stamp { grid-row: 1 / 3; font-size: 1.75rem; font-weight: 800; line-height: 1; letter-spacing: 0.02em; text-transform: uppercase;
          border: 3px solid; border-radius: 0.4rem; padding: 0.6rem 0.8rem; }
        .banner .lead { color: var(--ink); margin: 0; }
        .banner h1 { color: var(--ink); }
        .banner.small { margin-top: 0.75rem; }
        .banner.small .stamp { font-size: 1.1rem; padding: 0.45rem 0.6rem; }
        .banner.small .lead { grid-row: 1 / 3; }
        .banner.pass { color: var(--good); background: var(--good-ground); }
        .banner.fail, .banner.error { color: var(--bad); background: var(--bad-ground); }
        .banner.invalid, .banner.inconclusive, .banner.aborted { color: var(--odd); background: var(--odd-ground); }
        .banner.fail .stamp, .banner.error .stamp { border-style: double; border-width: 6px; }
        .banner.invalid .stamp, .banner.inconclusive .stamp, .banner.aborted .stamp { border-style: dashed; }
        .badge { display: inline-block; white-space: nowrap; border: 2px solid; border-radius: 0.3rem; padding: 0 0.4rem; font-weight: 700;
          font-size: 0.8rem; line-height: 1.4rem; text-transform: uppercase; }
        .badge.pass { color: var(--good); }
        .badge.fail, .badge.error { color: var(--bad); border-style: double; border-width: 4px; line-height: 1.15rem; }
        .badge.invalid, .badge.inconclusive, .badge.aborted { color: var(--odd); border-style: dashed; }
        .badge.none { color: var(--quiet); border-style: dotted; }
        dl.facts { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: 0.75rem 2.5rem; }
        dl.facts dt, .tile dt { color: var(--quiet); font-size: 0.8125rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        dl.words div { display: grid; grid-template-columns: 7.5rem 1fr; gap: 0.75rem; padding: 0.2rem 0; }
        dl.words dt { font-weight: 700; color: var(--ink); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(13.5rem, 1fr)); gap: 0.75rem; margin: 1rem 0 0; }
        .tile { background: var(--card); border: 1px solid var(--rule); border-radius: 0.4rem; padding: 0.7rem 0.9rem; }
        .tile .value { font-size: 1.4rem; font-weight: 700; line-height: 1.3; }
        .tile .value small { font-size: 0.875rem; font-weight: 400; color: var(--quiet); }
        .tile .note { display: block; margin-top: 0.15rem; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: 0.9375rem; }
        th, td { text-align: left; vertical-align: top; padding: 0.5rem 1rem 0.5rem 0; border-bottom: 1px solid var(--rule); }
        th { color: var(--quiet); font-size: 0.8125rem; font-weight: 600; padding-top: 0; }
        th.short, td.short { white-space: nowrap; }
        th:last-child, td:last-child { padding-right: 0; }
        td.number, th.number { text-align: right; }
        td .note { margin-top: 0.1rem; }
        section.run { border-top: 3px solid var(--rule); margin-top: 3rem; }
        section.run h2 { margin-top: 1.25rem; }
        details { border-top: 1px solid var(--rule); }
        details summary { padding: 0.7rem 0; cursor: pointer; }
        details section.run { border-top: 0; margin-top: 0; padding-bottom: 1.5rem; }
        footer { border-top: 3px solid var(--rule); margin-top: 3rem; padding-bottom: 1rem; }
        footer h2 { margin: 1.25rem 0 0.5rem; color: var(--ink); }
        footer p { margin-top: 0.75rem; max-width: 52rem; }
        ul { padding-left: 1.2rem; }

        """

    private static let pictures = """

        figure { background: var(--card); border: 1px solid var(--rule); border-radius: 0.4rem; padding: 0.75rem 0.9rem; }
        svg { display: block; overflow: visible; }
        svg text { fill: var(--ink); font: 0.75rem system-ui, Noto Sans, sans-serif; }
        svg text.quiet, svg text.scale { fill: var(--quiet); font-size: 0.6875rem; }
        svg.stack { margin: 0.25rem 0 0.75rem; }
        svg.patterns { position: absolute; }
        .lanes { position: relative; }
        .row { display: grid; grid-template-columns: 10.5rem 1fr; align-items: center; padding: 0.22rem 0; position: relative; }
        .row .label { font-size: 0.8125rem; line-height: 1.25; padding-right: 0.75rem; overflow-wrap: anywhere; }
        .row.scaled .label { padding-right: 3.7rem; }
        .row .label b { font-weight: 600; display: block; }
        .row .label .note { display: block; font-size: 0.75rem; }
        .backdrop { position: absolute; top: 0; bottom: 0; left: 10.5rem; width: calc(100% - 10.5rem); }
        svg .grid { stroke: var(--rule); }
        svg .rule { stroke: var(--quiet); }
        svg .fault { fill: var(--fault); }
        svg .recovering { fill: var(--after); }
        svg .instant { stroke: var(--ink); stroke-dasharray: 4 3; }
        svg .pin { fill: var(--ink); }
        svg text.mark { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; }
        svg .mark .name { font-weight: 700; }
        svg .up { fill: var(--fill); }
        svg .down { fill: url(#hatch); stroke: var(--bad); stroke-width: 1.2; }
        svg .paper { fill: var(--card); }
        svg .hatch-line { stroke: var(--bad); stroke-width: 1.4; }
        svg text.inside { fill: var(--bad); font-size: 0.6875rem; font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 4px;
          stroke-linejoin: round; pointer-events: none; }
        svg text.on-bar { paint-order: stroke; stroke: var(--card); stroke-width: 3px; stroke-linejoin: round; pointer-events: none; }
        svg .failure { stroke: var(--bad); stroke-width: 1.5; }
        svg .connection { stroke: var(--fill); stroke-width: 1.5; }
        svg .said { stroke: var(--ink); stroke-width: 1.6; }
        svg .step { fill: none; stroke: var(--quiet); pointer-events: all; }
        svg .curve { fill: none; stroke: var(--mark); stroke-width: 2; stroke-linejoin: round; }
        svg .area { fill: var(--fill); fill-opacity: 0.45; stroke: var(--mark); stroke-width: 1.2; }
        svg .bars { fill: var(--fill); }
        svg .dots { fill: none; stroke: var(--mark); stroke-width: 3; stroke-linecap: round; stroke-opacity: 0.7; }
        svg .lost { fill: none; stroke: var(--bad); stroke-width: 1; }
        svg .limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 3; }
        svg text.limit-name { fill: var(--bad); font-size: 0.6875rem; paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
        svg .click { fill: var(--ink); stroke: var(--card); }
        svg .failed { fill: none; stroke: var(--bad); stroke-width: 2; }
        svg .target { fill: transparent; }
        svg .target:hover { fill: var(--ink); fill-opacity: 0.09; }
        svg .value { fill: var(--fill); }
        svg .value.bad { fill: url(#hatch); stroke: var(--bad); }
        svg .track { fill: var(--faint); }
        svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
        svg .dot { fill: var(--fill); stroke: var(--ink); }
        svg .delivered { fill: var(--fill); }
        svg .suppressed { fill: var(--faint); stroke: var(--quiet); }
        svg .unreachable { fill: var(--fault); stroke: var(--fault-line); }
        svg .dropped, svg .unobserved { fill: var(--rule); stroke: var(--quiet); stroke-dasharray: 2 2; }
        svg .scale { text-anchor: end; transform: translateX(-6px); }
        svg .scale.small { font-size: 0.625rem; }
        .say { min-height: 2.6em; line-height: 1.3; position: sticky; bottom: 0; background: var(--card); padding-top: 0.5rem; color: var(--ink); }

        """

    private static let media = """

        @media (max-width: 60rem) { svg .wide { display: none; } }
        @media (max-width: 44rem) {
          svg .middle { display: none; }
          main { padding: 0.75rem 0.75rem 3rem; }
          h1 { font-size: 1.4rem; }
          .banner { grid-template-columns: 1fr; padding: 0.9rem; }
          .banner.small .lead { grid-row: auto; }
          .banner .stamp, .banner.small .stamp { grid-row: auto; justify-self: start; font-size: 1.4rem; padding: 0.4rem 0.6rem; }
          .lead { font-size: 1rem; }
          figure { padding: 0.5rem; }
          .row { grid-template-columns: 1fr; }
          .row .label, .row.scaled .label { padding: 0; display: flex; gap: 0.5rem; justify-content: space-between; }
          .row .label b { white-space: nowrap; }
          .row .label .note { text-align: right; }
          .row .label { text-shadow: 0 0 2px var(--card), 0 0 2px var(--card), 0 0 4px var(--card), 0 0 4px var(--card); }
          svg .scale.small { display: none; }
          dl.facts { gap: 0.5rem 1.5rem; }
          dl.words div { grid-template-columns: 6rem 1fr; }
          .backdrop { left: 0; width: 100%; }
          svg .scale { text-anchor: start; transform: translateX(2px); paint-order: stroke; stroke: var(--card); stroke-width: 3px; }
          .tiles { grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.5rem; }
          .tile { padding: 0.5rem 0.65rem; }
          .tile .value { font-size: 1.15rem; }
          thead { position: absolute; clip-path: inset(50%); height: 1px; overflow: hidden; }
          table, tbody, tr, td { display: block; }
          tr { border-bottom: 1px solid var(--rule); padding: 0.5rem 0; }
          td, td.number { border: 0; padding: 0.1rem 0; display: grid; grid-template-columns: 7.5rem 1fr; gap: 0.6rem; text-align: left; }
          td::before { content: attr(data-label); color: var(--quiet); font-size: 0.8125rem; }
          td.short { white-space: normal; }
          td.whole { display: block; }
          td.whole::before { content: none; }
        }
        @media print {
          @page { size: A4; margin: 14mm; }
          :root { --paper: #fff; --card: #fff; --ink: #000; --quiet: #444; --rule: #bbb; --faint: #eee; --good: #0a4d28; --good-ground: #fff;
            --bad: #8a1010; --bad-ground: #fff; --odd: #5c3c00; --odd-ground: #fff; --mark: #1f4e80; --fill: #7d9dbd; --fault: #ead9bf;
            --after: #f6efe2; --link: #000; }
          html { font-size: 11.5px; }
          body { font-size: 1rem; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          main { max-width: none; padding: 0; }
          section.run { break-before: page; border-top: 0; margin-top: 0; }
          details section.run { break-before: auto; }
          figure, tr, .tile, .banner, pre, h2, h3 { break-inside: avoid; }
          h2, h3, thead, svg.stack { break-after: avoid; }
          h3 { margin-top: 1.4rem; }
          .wide { overflow: visible; }
          .say { display: none; }
          svg text { font-size: 10px; }
          .row { padding: 0.1rem 0; }
          a { text-decoration: none; }
        }

        """
}

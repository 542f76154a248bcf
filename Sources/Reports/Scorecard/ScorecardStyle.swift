/// What the scorecard's look adds to the report's. It stands in a `style` element as it is.
enum ScorecardStyle {
    static let text = """

        .scores { display: grid; grid-template-columns: minmax(0, 1.6fr) minmax(0, 1fr); gap: 1rem; align-items: stretch; }
        .scores .banner { grid-column: 1 / 3; }
        .dial { background: var(--card); border: 1px solid var(--rule); border-radius: 0.5rem; padding: 1.25rem 1.5rem 1.4rem; }
        .score { font-size: 4.25rem; font-weight: 800; line-height: 1; letter-spacing: -0.03em; }
        .second .score { font-size: 2.75rem; }
        .score small { font-size: 1.25rem; font-weight: 500; letter-spacing: 0; color: var(--quiet); }
        .score.none { color: var(--quiet); }
        .dial .name { font-weight: 600; margin: 0.35rem 0 0.8rem; }
        .dial .cap { margin-top: 0.8rem; border-left: 0.25rem solid var(--bad); padding-left: 0.7rem; }
        svg.score-bar { width: 100%; height: 0.9rem; border-radius: 0.2rem; overflow: hidden; }
        svg.score-bar.small { width: 8rem; max-width: 100%; height: 0.6rem; display: inline-block; margin-right: 0.6rem; vertical-align: baseline; }
        svg .filled { fill: var(--mark); }
        svg .older { fill: var(--fill); }
        svg .capped { fill: var(--fault); stroke: var(--fault-line); stroke-width: 0.4; }
        svg .tick { stroke: var(--card); stroke-width: 0.3; }
        svg text.value-text { font-weight: 700; }
        .trend svg { width: 100%; height: auto; max-height: 16rem; }
        .mark { white-space: nowrap; font-weight: 600; }
        .mark.good { color: var(--good); }
        .mark.bad { color: var(--bad); }
        .mark.odd { color: var(--odd); }
        .mark.none { color: var(--quiet); font-weight: 400; }
        .run-marks { display: block; line-height: 1.5; margin-top: 0.15rem; }
        .run-mark { display: inline-block; min-width: 1.35rem; text-align: center; text-decoration: none; border: 1px solid; border-radius: 0.25rem;
          font-size: 0.75rem; font-weight: 700; margin-right: 0.2rem; }
        .run-mark.pass { color: var(--good); }
        .run-mark.fail, .run-mark.error { color: var(--bad); border-width: 2px; }
        .run-mark.invalid, .run-mark.inconclusive, .run-mark.aborted { color: var(--odd); border-style: dashed; }
        .gap { border-left: 0.4rem solid var(--bad); background: var(--bad-ground); border-radius: 0.3rem; padding: 0.8rem 1rem; margin: 0.6rem 0; }
        .gap h3 { margin: 0 0 0.2rem; }
        .gap .note { margin-top: 0.3rem; color: var(--ink); }
        ol.advice { padding-left: 1.6rem; margin: 0; }
        ol.advice li { margin-bottom: 0.55rem; }
        ul.chips { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.4rem; margin-top: 0.5rem; }
        ul.chips li { border: 1px solid var(--rule); border-radius: 1rem; padding: 0.1rem 0.75rem; background: var(--card); font-size: 0.875rem; }
        section.scenario { border-top: 1px solid var(--rule); margin-top: 2.25rem; }
        section.scenario h2 { margin-top: 1.1rem; }
        section.scenario h2 .mark { font-size: 1rem; margin-left: 0.4rem; }
        section.scenario dd ul { margin: 0; }
        .matrix td b { white-space: nowrap; }
        @media (max-width: 44rem) {
          .scores { grid-template-columns: 1fr; }
          .scores .banner { grid-column: auto; }
          .score { font-size: 3.25rem; }
          .dial { padding: 0.9rem 1rem 1.1rem; }
          .matrix td, .matrix td.number { display: inline-block; padding: 0 0.9rem 0 0; }
          .matrix td > div { display: inline; }
          .matrix td::before { margin-right: 0.35rem; }
          .matrix td.whole, .matrix td:last-child { display: block; }
          .matrix td:last-child::before { content: none; }
        }
        @media print {
          section.scenario, .dial, .gap { break-inside: avoid; }
          .score { font-size: 3rem; }
        }

        """
}

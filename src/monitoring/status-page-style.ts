/** The status page's style: system fonts, both colour schemes, contrast of at least 4.5:1 for text. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #ffffff; --line: #dde1e7; --text: #16191d; --quiet: #58616d;
  --accent: #1f5fbf; --long: #0b7a4b; --short: #b3261e; --warn: #8a5a00; --warn-ground: #fff4d9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1216; --card: #171b21; --line: #2b323b; --text: #e8ebef; --quiet: #9aa5b3;
    --accent: #7fb0ff; --long: #4cc38a; --short: #ff8a80; --warn: #ffd27a; --warn-ground: #332912;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
.page { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .5rem 1rem; }
h1 { font-size: 1.5rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.05rem; margin: 0 0 .75rem; display: flex; flex-wrap: wrap; align-items: center; gap: .15rem .6rem; }
h2 span { font-size: .82rem; font-weight: 400; }
.badges { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; margin: 0; padding: 0; }
.badge { background: var(--warn-ground); color: var(--warn); border-radius: 99px; padding: .1rem .7rem; font-weight: 600; font-size: .85rem; white-space: nowrap; }
.quiet { color: var(--quiet); }
nav { margin: .75rem 0 1.5rem; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section, form { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.2rem; margin-bottom: 1rem; }
dl { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1.1rem 1rem; margin: 0; }
@media (max-width: 44rem) {
  dl { grid-template-columns: repeat(2, 1fr); }
  .day { display: none; }
  :is(th, td):is(th, td) { padding-inline: .4rem; }
}
dt { color: var(--quiet); font-size: .82rem; }
dd { margin: 0; font-size: 1.3rem; line-height: 1.35; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
small { display: block; color: var(--quiet); font-size: .82rem; font-weight: 400; min-height: 1lh; }
form { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; }
label { display: grid; gap: .25rem; flex: 1 1 20rem; font-size: .9rem; }
input, button { font: inherit; padding: .5rem .7rem; border-radius: 8px; border: 1px solid var(--line); background: var(--ground); color: var(--text); }
button { background: var(--accent); border-color: transparent; color: var(--card); font-weight: 600; cursor: pointer; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .4rem .7rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--quiet); font-weight: 500; font-size: .85rem; }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
table:not(.latencies) :is(th, td):nth-child(-n+4), .latencies th:first-child { text-align: left; }
tbody tr:last-child > * { border-bottom: 0; }
.latencies :is(th, td):last-child { color: var(--text); font-weight: 600; }
.pill::before { content: '\\25CF'; margin-right: .35em; color: var(--warn); }
.pill { color: var(--quiet); }
.pill.live::before { color: var(--long); }
.long { color: var(--long); font-weight: 600; }
.short { color: var(--short); font-weight: 600; }
.trouble { color: var(--short); }
.trouble:empty { display: none; }
ul.trouble { margin: 0 0 1rem; padding-left: 1.2rem; }
#forget { background: none; border-color: var(--line); color: var(--quiet); font-weight: 400; }
[hidden] { display: none !important; }
@media (prefers-reduced-motion: no-preference) {
  tr.new td { animation: glow 1.6s ease-out; }
  @keyframes glow { from { background: color-mix(in srgb, var(--accent) 22%, transparent); } }
}
`;

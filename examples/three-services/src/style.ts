export const STYLE = `
:root { color-scheme: light dark; --text: #1c2430; --soft: #5c6775; --line: #d9dfe6; --back: #fff; --panel: #f5f7f9; --without: #b4552d; --cached: #1f7a4d; --board: #2c5fa8 }
@media (prefers-color-scheme: dark) { :root { --text: #e6eaef; --soft: #9aa6b2; --line: #333c47; --back: #14191f; --panel: #1c232b; --without: #e08a5f; --cached: #5cc592; --board: #7fb0f5 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1rem 3rem }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem }
.lead { color: var(--soft); margin: 0 0 1.5rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem }
.tiles div { background: var(--panel); border-radius: .5rem; padding: .75rem 1rem }
.tiles b { display: block; font-size: 1.5rem; line-height: 1.3; font-variant-numeric: tabular-nums }
.tiles span { color: var(--soft); font-size: .85rem; line-height: 1.35; display: block }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 0 2.5rem }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .35rem .5rem .35rem 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
tbody th { text-align: left; font-weight: 400; white-space: normal }
thead td { color: var(--soft); font-size: .85rem }
td:last-child { padding-right: 0 }
figure { margin: 1.75rem 0 0; min-width: 0 }
figcaption { font-weight: 600; margin-bottom: .25rem }
svg { display: block; width: 100%; height: 10rem; border-left: 1px solid var(--line); border-bottom: 1px solid var(--line) }
polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke-linejoin: round }
polyline.without { stroke: var(--without) } polyline.cached { stroke: var(--cached) } polyline.board { stroke: var(--board) }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .8rem }
.legend { display: flex; gap: 1.25rem; font-size: .85rem }
.legend span::before { content: ''; display: inline-block; width: .7em; height: .7em; border-radius: 2px; margin-right: .4em; background: currentColor }
.legend .without { color: var(--without) } .legend .cached { color: var(--cached) } .legend .board { color: var(--board) }
.group { display: grid; grid-template-columns: 3rem 1fr; align-items: center; margin: .6rem 0 }
.group b { font-weight: 400 }
.bars { display: grid; grid-template-columns: 1fr 5.5rem; gap: .2rem .75rem; align-items: center; font-variant-numeric: tabular-nums; font-size: .9rem }
.bars span { text-align: right }
.bar { height: .9rem; min-width: 2px; border-radius: 0 3px 3px 0 }
.bar.without { background: var(--without) } .bar.cached { background: var(--cached) }
.method { color: var(--soft); font-size: .9rem } .method h2 { color: var(--text) } .method ul { padding-left: 1.2rem }
`

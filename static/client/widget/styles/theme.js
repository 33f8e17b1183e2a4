/**
 * Colours and measures. Every `--coordinator-...` may be set by the page, on the element or around it. A colour that
 * the page sets holds in both schemes, unless it is a `light-dark(...)` itself.
 */

export const theme = `
:host {
  display: block;
  min-inline-size: min(100%, 16rem);
  color-scheme: light dark;
}

:host([theme="light"]) {
  color-scheme: light;
}

:host([theme="dark"]) {
  color-scheme: dark;
}

:host([hidden]) {
  display: none;
}

.frame {
  --surface: var(--coordinator-surface, light-dark(#ffffff, #171b22));
  --raised: var(--coordinator-raised, light-dark(#ffffff, #1f242d));
  --text: var(--coordinator-text, light-dark(#14171d, #edeff3));
  --muted: var(--coordinator-muted, light-dark(#596070, #a3abb9));
  --line: var(--coordinator-line, light-dark(#dfe2e9, #2d3440));
  --track: var(--coordinator-track, light-dark(#e6e9ef, #2d3440));
  --accent: var(--coordinator-accent, light-dark(#3258e0, #8aa4ff));
  --on-accent: var(--coordinator-on-accent, light-dark(#ffffff, #0b1020));
  --good: var(--coordinator-good, light-dark(#12734a, #5fd198));
  --warn: var(--coordinator-warn, light-dark(#855300, #f0bd62));
  --bad: var(--coordinator-bad, light-dark(#b0261e, #ff9389));
  --radius: var(--coordinator-radius, 14px);
  --accent-strong: color-mix(in srgb, var(--accent) 84%, var(--text));
  --accent-soft: color-mix(in srgb, var(--accent) 11%, var(--surface));
  --good-soft: color-mix(in srgb, var(--good) 12%, var(--surface));
  --warn-soft: color-mix(in srgb, var(--warn) 12%, var(--surface));
  --bad-soft: color-mix(in srgb, var(--bad) 10%, var(--surface));
  --small-radius: calc(var(--radius) * 0.65);
  container-type: inline-size;
  display: grid;
  position: relative;
  grid-template-columns: minmax(0, 1fr);
  gap: var(--coordinator-gap, 1.6em);
  color: var(--text);
  font: var(--coordinator-font, 1em / 1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif);
  text-align: start;
}

*,
*::before,
*::after {
  box-sizing: border-box;
}

[hidden] {
  display: none !important;
}

h2,
p,
ul {
  margin: 0;
  padding: 0;
}

h2 {
  font-size: 1em;
  line-height: 1.4;
}

.hidden-text {
  position: absolute;
  width: 1px;
  height: 1px;
  margin: -1px;
  padding: 0;
  border: 0;
  overflow: hidden;
  clip-path: inset(50%);
  white-space: nowrap;
}

.icon {
  fill: none;
  stroke: currentcolor;
  stroke-width: 1.75;
  stroke-linecap: round;
  stroke-linejoin: round;
}

@media (prefers-reduced-motion: reduce) {
  *,
  *::before,
  *::after {
    animation: none !important;
    transition: none !important;
  }
}

@media (forced-colors: active) {
  .bar {
    border: 1px solid CanvasText;
  }

  .bar-fill {
    background: Highlight !important;
    forced-color-adjust: none;
  }
}
`;

/** One file's row. A state has a colour, a mark and a word: never the colour alone. */

export const rows = `
.row {
  display: grid;
  grid-template-columns: auto minmax(0, 1fr) auto;
  align-items: center;
  gap: 0.65em 0.9em;
  padding: 1em 1.1em;
}

.row:focus-visible {
  outline-offset: -3px;
  border-radius: var(--radius);
}

.row + .row {
  border-block-start: 1px solid var(--line);
}

.mark {
  display: grid;
  place-items: center;
  flex: none;
  inline-size: 2.5em;
  block-size: 2.5em;
  border-radius: var(--small-radius);
  background: var(--track);
  color: var(--muted);
  align-self: start;
}

.mark .icon {
  inline-size: 1.35em;
  block-size: 1.35em;
}

.row-name {
  font-weight: 600;
  line-height: 1.35;
  overflow-wrap: anywhere;
  display: -webkit-box;
  -webkit-box-orient: vertical;
  -webkit-line-clamp: 2;
  overflow: hidden;
}

/* a name has a direction of its own, by which it is cut off at its end; it stands where the rest stands */
[dir="ltr"] .row-name {
  text-align: left;
}

[dir="rtl"] .row-name {
  text-align: right;
}

.row-folder,
.row-facts,
.row-hint,
.row-way {
  color: var(--muted);
  font-size: 0.875em;
  font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere;
}

.row-way {
  margin-block-start: -0.2em;
  font-size: 0.8125em;
}

.row-hint {
  margin-block-start: 0.15em;
  color: var(--text);
}

.state {
  color: var(--text);
  font-weight: 600;
}

.row-actions {
  display: flex;
  gap: 0.25em;
}

.row-actions .quiet {
  margin-inline-end: -0.5em;
  padding-inline: 0.75em;
}

.row-progress,
.parts,
.row-way,
.row > .problem {
  grid-column: 1 / -1;
}

.row-progress {
  display: flex;
  align-items: center;
  gap: 0.75em;
}

.bar {
  flex: 1;
  block-size: 0.5em;
  border-radius: 1em;
  background: var(--track);
  overflow: hidden;
}

.bar-fill {
  inline-size: 100%;
  block-size: 100%;
  border-radius: inherit;
  background: var(--accent);
  transform: translateX(calc((var(--fraction, 0) - 1) * 100%));
  transition:
    transform 250ms linear,
    background-color 200ms;
}

[dir="rtl"] .bar-fill {
  transform: translateX(calc((1 - var(--fraction, 0)) * 100%));
}

.percent {
  min-inline-size: 3.1em;
  font-size: 0.875em;
  font-weight: 600;
  font-variant-numeric: tabular-nums;
  text-align: end;
}

.slim .bar {
  block-size: 0.3em;
}

.slim .percent {
  color: var(--muted);
  font-weight: 500;
}

.parts {
  display: block;
  inline-size: 100%;
  block-size: 8px;
  margin-block-start: -0.1em;
  color: color-mix(in srgb, var(--accent) 70%, var(--surface));
}

[data-state="uploading"] .mark,
[data-state="finishing"] .mark,
[data-state="preparing"] .mark {
  background: var(--accent-soft);
  color: var(--accent);
}

[data-state="finishing"] .bar-fill,
[data-state="preparing"] .bar-fill {
  animation: breathe 1.4s ease-in-out infinite alternate;
}

[data-state="completed"] .mark {
  background: var(--good-soft);
  color: var(--good);
}

[data-state="completed"] .state {
  color: var(--good);
}

[data-state="paused"] .mark,
[data-troubled] .mark,
.mark.waiting {
  background: var(--warn-soft);
  color: var(--warn);
}

[data-state="paused"] .state,
[data-troubled] .state {
  color: var(--warn);
}

[data-state="paused"] :is(.bar-fill, .parts),
[data-state="failed"] :is(.bar-fill, .parts),
[data-unfinished] .bar-fill {
  background-color: color-mix(in srgb, var(--muted) 75%, transparent);
  color: var(--muted);
}

[data-state] .parts {
  background: none;
}

[data-state="failed"] .mark {
  background: var(--bad-soft);
  color: var(--bad);
}

[data-state="failed"] .state {
  color: var(--bad);
}

[data-state="cancelled"] .row-name {
  color: var(--muted);
  text-decoration: line-through;
}

@keyframes breathe {
  to {
    opacity: 0.45;
  }
}

@container (max-width: 34em) {
  .row {
    grid-template-columns: auto minmax(0, 1fr);
    padding: 0.95em;
  }

  .row-actions {
    grid-column: 1 / -1;
    order: 1;
    gap: 0.5em;
  }

  .row-actions:not(:has(> button:not([hidden]))) {
    display: none;
  }

  .row-actions > .button {
    flex: 1;
    min-block-size: 3em;
  }

  .row-actions .quiet:not(.primary) {
    margin-inline-end: 0;
    border-color: var(--line);
  }

  .row-actions .quiet {
    margin-inline-end: 0;
  }
}
`;

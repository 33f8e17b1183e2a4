/** The drop zone, notices, and the frames of lists. */

export const panels = `
.card {
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: var(--radius);
}

.list {
  list-style: none;
  overflow: clip;
}

.section-head {
  display: flex;
  flex-wrap: wrap;
  align-items: baseline;
  justify-content: space-between;
  gap: 0 1em;
  margin-block-end: 0.6em;
}

.summary {
  color: var(--muted);
  font-size: 0.875em;
  font-variant-numeric: tabular-nums;
}

.section > .bar {
  margin-block-end: 0.6em;
}

.all-actions {
  display: flex;
  flex-wrap: wrap;
  justify-content: flex-end;
  gap: 0.15em;
  margin-block-end: 0.5em;
  margin-inline-end: -0.5em;
}

.all-actions:not(:has(> :not([hidden]))) {
  display: none;
}

.all-actions .button {
  padding-inline: 0.65em;
}

#show-more,
#show-more-unfinished {
  inline-size: 100%;
  margin-block-start: 0.5em;
}

.notice {
  padding: 0.7em 1em;
  border-radius: var(--radius);
  background: var(--warn-soft);
  color: var(--warn);
  font-weight: 550;
}

/* comes and goes by itself: last in the frame, so that nothing moves under a pointer; what it covers while it keeps to
   the window's edge can be pressed, and scrolled out from under it */
#offline {
  position: sticky;
  z-index: 1;
  inset-block-end: 0.4em;
  margin-block-start: 0.75em;
  background: color-mix(in srgb, var(--warn-soft) 92%, var(--surface));
  box-shadow: 0 2px 10px rgb(0 0 0 / 18%);
  pointer-events: none;
}

.problem {
  padding: 0.65em 0.9em;
  border-radius: var(--small-radius);
  background: var(--bad-soft);
  color: var(--bad);
  font-size: 0.9em;
  overflow-wrap: anywhere;
}

.section > .problem {
  margin-block-start: 0.75em;
}

.drop {
  display: grid;
  justify-items: center;
  gap: 0.35em;
  padding: 2.4em 1em 2.1em;
  border: 2px dashed color-mix(in srgb, var(--muted) 45%, transparent);
  border-radius: calc(var(--radius) + 4px);
  background: var(--surface);
  text-align: center;
  cursor: pointer;
  transition:
    background-color 150ms,
    border-color 150ms;
}

.drop-icon {
  display: grid;
  place-items: center;
  inline-size: 3em;
  block-size: 3em;
  border-radius: 50%;
  background: var(--accent-soft);
  color: var(--accent);
}

.drop-icon .icon {
  inline-size: 1.5em;
  block-size: 1.5em;
}

.drop-title {
  margin-block-start: 0.3em;
  font-weight: 600;
}

/* where nothing can be dragged, nobody is asked to */
@media (hover: none) and (pointer: coarse) {
  .drop-title {
    display: none;
  }
}

.drop-actions {
  display: flex;
  flex-wrap: wrap;
  justify-content: center;
  gap: 0.5em;
  margin-block: 0.5em;
}

.drop-hint {
  color: var(--muted);
  font-size: 0.875em;
  text-wrap: balance;
}

/* takes no place, and yet is there: a live region that was not is heard by few screen readers */
.drop-hint:empty {
  position: absolute;
}

.drop:hover,
.drop.dragging {
  border-color: var(--accent);
}

.drop.dragging {
  border-style: solid;
  background: var(--accent-soft);
}

@container (max-width: 34em) {
  .drop {
    padding-block: 1.6em;
  }

  .drop-actions {
    inline-size: 100%;
  }

  .drop-actions > * {
    flex: 1 1 9em;
    min-block-size: 3em;
  }

  .all-actions {
    justify-content: stretch;
    gap: 0.5em;
    margin-inline-end: 0;
  }

  .all-actions .button.quiet {
    flex: 1 1 auto;
    min-block-size: 2.9em;
    border-color: var(--line);
  }
}
`;

/** Buttons, fields and the question. */

export const controls = `
.button {
  display: inline-flex;
  align-items: center;
  justify-content: center;
  min-block-size: 2.5em;
  padding: 0.3em 1em;
  border: 1px solid var(--line);
  border-radius: var(--small-radius);
  background: var(--raised);
  color: var(--text);
  font: inherit;
  font-size: 0.9em;
  font-weight: 550;
  cursor: pointer;
  transition:
    background-color 120ms,
    border-color 120ms;
}

.button:hover {
  border-color: var(--muted);
}

.button.primary {
  border-color: transparent;
  background: var(--accent);
  color: var(--on-accent);
}

.button.primary:hover {
  background: var(--accent-strong);
}

.button.quiet:not(.primary) {
  border-color: transparent;
  background: transparent;
  color: var(--muted);
}

.button.quiet:not(.primary):hover {
  background: var(--track);
  color: var(--text);
}

.button.danger {
  border-color: transparent;
  background: var(--bad);
  color: var(--surface);
}

:focus-visible {
  outline: 3px solid var(--accent);
  outline-offset: 2px;
}

.dialog {
  inline-size: min(27em, calc(100vw - 2em));
  padding: 1.5em;
  border: 1px solid var(--line);
  border-radius: var(--radius);
  background: var(--raised);
  color: var(--text);
  box-shadow: 0 20px 60px rgb(0 0 0 / 30%);
}

.dialog::backdrop {
  background: rgb(10 12 18 / 50%);
}

.dialog h2 {
  font-size: 1.1em;
  overflow-wrap: anywhere;
}

.dialog p {
  margin-block-start: 0.4em;
  color: var(--muted);
}

.dialog-actions {
  display: flex;
  flex-wrap: wrap;
  justify-content: flex-end;
  gap: 0.5em;
  margin-block-start: 1.25em;
}

.access {
  display: flex;
  gap: 0.9em;
  padding: 1.1em;
}

.access .mark {
  background: var(--accent-soft);
  color: var(--accent);
}

.access-text {
  flex: 1;
  min-inline-size: 0;
}

.access p {
  color: var(--muted);
  font-size: 0.9em;
}

.access.refused p {
  color: var(--bad);
}

.access-fields {
  display: flex;
  flex-wrap: wrap;
  gap: 0.5em;
  margin-block-start: 0.75em;
}

.access input {
  flex: 1 1 12em;
  min-inline-size: 0;
  min-block-size: 2.25em;
  padding: 0.3em 0.75em;
  border: 1px solid color-mix(in srgb, var(--muted) 75%, transparent);
  border-radius: var(--small-radius);
  background: var(--surface);
  color: inherit;
  font: inherit;
}

.access input::placeholder {
  color: var(--muted);
  opacity: 1;
}

@container (max-width: 34em) {
  .access > .mark {
    display: none;
  }

  .access-fields > * {
    flex: 1 1 auto;
    min-block-size: 2.75em;
  }
}
`;

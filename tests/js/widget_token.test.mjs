/** The widget's `token-url`: an outage is told apart from a refusal, and what is no token is never sent as one. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CoordinatorError } from '../../static/client/errors.js';
import { loadWords } from '../../static/client/widget/languages.js';
import { explain } from '../../static/client/widget/problems.js';
import { isToken, tokenSource } from '../../static/client/widget/token.js';

/** @import { TestContext } from 'node:test' */

/**
 * @param {TestContext} context
 * @param {() => Response | Promise<Response>} answer
 */
function source(context, answer) {
  context.mock.method(globalThis, 'fetch', async () => answer());
  const asked = tokenSource({ given: () => null, url: () => '/upload-token', ask: () => null });
  return async () => asked({ refused: false });
}

test('an address that cannot be reached is an error, never the answer that there is no token', async (context) => {
  const ask = source(context, () => Promise.reject(new TypeError('Failed to fetch')));
  await assert.rejects(ask, (error) => error instanceof CoordinatorError && error.code === 'unreachable');
});

test('an address that does not answer is given up after a while', async (context) => {
  /** @type {RequestInit | undefined} */
  let given;
  context.mock.method(globalThis, 'fetch', async (/** @type {string} */ _, /** @type {RequestInit} */ init) => {
    given = init;
    return new Response('t');
  });
  await tokenSource({ given: () => null, url: () => '/t', ask: () => null })({ refused: false });
  assert.ok(given?.signal instanceof AbortSignal);
});

for (const [answer, status, text] of /** @type {const} */ ([
  [401, 403, 'sign in again'],
  [403, 403, 'sign in again'],
  [404, 404, 'answered 404'],
  [503, 503, 'not available right now'],
])) {
  test(`an address that answers ${answer} is a refusal that its user can do something about`, async (context) => {
    const words = await loadWords(['en']);
    const ask = source(context, () => new Response('no', { status: answer }));
    await assert.rejects(ask, (error) => {
      assert.ok(error instanceof CoordinatorError);
      assert.equal(error.status, status);
      assert.match(explain(words, error), new RegExp(text));
      return true;
    });
  });
}

for (const body of [
  '',
  '<!doctype html><title>Sign in</title>',
  '{}',
  '{"token": null}',
  '{"token": ""}',
  '{oops',
]) {
  test(`${JSON.stringify(body)} is no token`, async (context) => {
    const ask = source(context, () => new Response(body));
    await assert.rejects(ask, (error) => error instanceof CoordinatorError && error.code === 'unauthenticated');
  });
}

test('a token comes as text, or as the coordinator answers with it', async (context) => {
  assert.equal(await source(context, () => new Response(' abc.def \n'))(), 'abc.def');
  assert.equal(await source(context, () => new Response('{"token": "abc"}'))(), 'abc');
});

test('what no header can carry is no token', () => {
  assert.ok(isToken('eyJhbGciOi.J9-_~+/='));
  for (const wrong of ['', 'a b', 'a\nb', 'tök', '“abc”']) assert.ok(!isToken(wrong), wrong);
});

// What the tests share: the sandbox, a browser with sessions, orders of their own, and a count of what passed.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsQR from 'jsqr';
import { chromium } from 'playwright-core';
import { PNG } from 'pngjs';

export const required = (name) => {
  if (process.env[name]) return process.env[name];
  console.error(`${name} is not set; tests/run sets it`);
  process.exit(2);
};

export const sandbox = JSON.parse(readFileSync(required('TANDEM_SANDBOX'), 'utf8'));
const tandem = required('TANDEM_BIN');
export const portal = sandbox.portal;
export const phone = { width: 360, height: 640 };
const folder = mkdtempSync(join(tmpdir(), 'tandem-portal-'));

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
  // Without it a name in Chinese is no file name to Chromium, and a download is called just that.
  env: { ...process.env, LC_ALL: 'C.UTF-8' },
});

// ---- Sessions ----------------------------------------------------------------------------------------------------

const sessions = new Map();
/** Whether scripts run in the windows that a test has opened: one may have some of either kind. */
const opened = new Set();

/** Signs a person of the sandbox in, once; a link works once. */
export async function signIn(who) {
  if (!sessions.has(who.id)) {
    const context = await browser.newContext({ locale: 'zh-CN' });
    const page = await context.newPage();
    await page.goto(who.sign_in);
    await page.click('main form button');
    await page.waitForURL((url) => !url.pathname.startsWith('/s/'));
    sessions.set(who.id, await context.storageState());
    await context.close();
  }
  return sessions.get(who.id);
}

/** A window of its own, signed in as `who` and speaking `options.locale`; closed after `use`, whose answer it gives. */
export async function visit(who, options, use) {
  const storageState = who ? await signIn(who) : undefined;
  const locale = options.locale || 'zh-CN';
  opened.add(options.javaScriptEnabled !== false);
  const context = await browser.newContext({ viewport: phone, storageState, ...options, locale });
  // A language that another test has chosen is the member's on every device; one that is chosen here counts more.
  await context.addCookies([{ name: 'tandem_language', value: locale.slice(0, 2), url: portal }]);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (line) => {
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) faults.push(line.text());
  });
  try {
    const answer = await use(page, context);
    equal(faults, [], 'nothing is wrong in the console');
    return answer;
  } finally {
    await context.close();
  }
}

/** A window of its own, signed in by a link that was made a moment ago; closed after `use`, whose answer it gives. */
export const enter = (link, options, use) => visit(null, options, async (page, context) => {
  await page.goto(link);
  await page.click('main form button');
  await page.waitForURL((url) => !url.pathname.startsWith('/s/'));
  return use(page, context);
});

// ---- Orders ------------------------------------------------------------------------------------------------------

let numbered = 0;
const stamp = Date.now().toString(36).toUpperCase();

/** `2027-01-04` as the wire's date. */
const wireDay = (text) => {
  const [year, month, day] = text.split('-').map(Number);
  return { year, month, day };
};

/** Days from today, as a date field takes it. */
export const inDays = (days) => new Date(Date.now() + days * 86_400_000 + 8 * 3_600_000).toISOString().slice(0, 10);

/** Publishes an order of the first anchor to a supplier; answers its number. */
export function publish({ supplier = sandbox.suppliers[0], lines = 2, quantity = '20000', due = inDays(35),
  name = (at) => `收纳箱 <b>${at}</b> & 'PP'`, item = (at) => `CY-BX-${at}`, unit: [code, word] = ['H87', '个'] } = {}) {
  const number = `T${stamp}${String(++numbered).padStart(3, '0')}`;
  const line = (at) => ({
    lineNumber: `${(at + 1) * 10}`,
    item: { name: name(at + 1), buyerItemId: item(at), sellerItemId: `SM-${at}` },
    quantity: { value: quantity },
    unitCode: code,
    unitText: word,
    price: { amount: { value: '6.85' } },
    scheduleLines: [{
      scheduleLineNumber: '1',
      quantity: { value: quantity },
      requestedDelivery: { from: wireDay(due), until: wireDay(due) },
    }],
  });
  const content = {
    sourceSystem: 'erp', orderNumber: number, orderType: 'ORDER_TYPE_STANDALONE', currency: 'CNY',
    priceIncludesTax: false, purchasingGroup: '采购一组', lines: Array.from({ length: lines }, (_, at) => line(at)),
  };
  const file = join(folder, `${number}.json`);
  writeFileSync(file, JSON.stringify(content));
  const { api, anchor } = sandbox;
  execFileSync(tandem, ['orders', 'publish', file, '--format', 'json', '--supplier', supplier.firm, '--api', api,
    '--key', anchor.key, '--output', 'json'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return number;
}

/** Opens an order by its number, which the search leads to at once. */
export async function open(page, number, list = '/inbox?show=all') {
  await page.goto(`${portal}${list}${list.includes('?') ? '&' : '?'}q=${number}`);
  await page.waitForURL(/\/orders\//);
  return new URL(page.url()).pathname;
}

// ---- Tests -------------------------------------------------------------------------------------------------------

/** Whether long variants were asked for. */
export const long = !['', '0'].includes(process.env.TANDEM_TEST_LONG || '');

let passed = 0;
/** How many tests passed in windows where scripts run, and in those where they do not. */
const passedBy = { true: 0, false: 0 };
const failed = [];
const only = process.argv[2];
/** Whether no part waits for another day's turn: where there is time, and where somebody asks for a test by its name. */
export const whole = long || Boolean(only);

/** Runs a test and counts it. */
export async function test(name, run) {
  if (only && !name.includes(only)) return;
  const began = Date.now();
  opened.clear();
  try {
    await run();
    passed += 1;
    for (const scripts of opened) passedBy[scripts] += 1;
    console.log(`ok ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed.push(name);
    console.log(`FAILED ${name}\n${String(error.stack || error).replace(/^/gm, '    ')}`);
  }
}

/** The Julian day of 1 January 1970. */
const EPOCH = 2_440_588;

/**
 * Whose turn it is where a short run tries a part of what a long one tries: the next part each day. TANDEM_TEST_TURN says another
 * one, to repeat what a run of another day tried; the tests in Rust take it as well, and count days alike.
 */
export const turn = Number(/^\d+$/.exec(process.env.TANDEM_TEST_TURN || '') || Math.floor(Date.now() / 86_400_000) + EPOCH);

let way = turn % 2 === 1;

/** Whether scripts run, for what runs both ways: both where there is time, else one of them, by turns from part to part and day to
 * day. */
export const ways = () => {
  way = !way;
  return long ? [true, false] : [way];
};

/** Of `[words, options]` those whose turn it is. */
export const byTurns = (kinds) => {
  const now = ways();
  return kinds.filter(([, { javaScriptEnabled = true }]) => now.includes(javaScriptEnabled));
};

/** Says how it went and ends. */
export async function finish() {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
  measured('passed-with-scripts', passedBy.true, 'tests');
  measured('passed-without-scripts', passedBy.false, 'tests');
  measured('codes-read', codes, 'codes');
  for (const name of failed) console.log(`failed: ${name}`);
  console.log(`${passed} passed, ${failed.length} failed`);
  process.exit(failed.length || !passed ? 1 : 0);
}

/** Says what was measured, in one form for all: `measured: NAME VALUE UNIT`. */
export function measured(name, value, unit) {
  console.log(`measured: ${name} ${Number.isInteger(value) ? value : value.toFixed(2)} ${unit}`);
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}

export function equal(actual, expected, what) {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) throw new Error(`${what}: ${a.slice(0, 2_000)} where ${e.slice(0, 2_000)} was expected`);
}

/** How many codes were read. */
let codes = 0;

/** What a camera reads in a picture of a code; nothing where it reads none. */
export function scanned(picture) {
  const { data, width, height } = PNG.sync.read(picture);
  const read = jsQR(new Uint8ClampedArray(data), width, height);
  if (read) codes += 1;
  return read?.data;
}

/** Asks until the answer is something, for half a minute at the most; answers that. */
export async function until(what, ask) {
  for (let tries = 0; tries < 150; tries += 1) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`not within 30 s: ${what}`);
}

/** Whether the page says something, in words that a person sees. */
export async function says(page, text) {
  await page.getByText(text, { exact: false }).first().waitFor({ state: 'visible' }).catch(() => {
    throw new Error(`the page does not say ${JSON.stringify(text)} at ${page.url()}`);
  });
}

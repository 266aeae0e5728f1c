// Lists that no feed tells of: what is changed here appears in pages that are open, and nobody loses the place.

import { equal, inDays, portal, sandbox, test, until, visit } from './browser.mjs';

const { anchors: [chengyu] } = sandbox;
/** The stream is open before anything happens that it should tell. */
const listening = (page) => page.waitForResponse((response) => response.url().includes('/live'));
/** As soon as it is told, not when all such lists are read anew. */
const SOON = { timeout: 8_000 };

/** A list as somebody holds it, on a link of its first row; answers what tells later that it is so, without a reload. */
async function holding(page, selector) {
  const text = await page.evaluate((of) => {
    window.held = document.querySelector(of);
    window.held.focus();
    return window.held.textContent;
  }, selector);
  return async (what) => {
    const now = await page.evaluate(() => [document.activeElement === window.held, window.held.textContent]);
    equal(now, [true, text], what);
  };
}

export async function untold() {
  await test('a member who is added in one tab appears in the list of another, and focus stays', () =>
    visit(chengyu, {}, async (page, context) => {
      await Promise.all([listening(page), page.goto(`${portal}/members`)]);
      const held = await holding(page, '#list tbody th a');
      const name = `何姐 ${Date.now()}`;
      const other = await context.newPage();
      await other.goto(`${portal}/members/new`);
      await other.fill('#name', name);
      await other.check('[name=role][value="2"]');
      await other.click('form#ask .actions button');
      await other.waitForURL(/done=added/);
      // A page that nobody sees is not read anew.
      await page.bringToFront();
      await page.locator(`#list a:text-is("${name}")`).waitFor(SOON);
      await held('no reload, and focus stays on the same member');
    }));

  await test('a key that a colleague makes appears beside the form of another one, where what is typed stays', () =>
    visit(chengyu, {}, (page) => visit(chengyu, {}, async (colleague) => {
      await Promise.all([listening(page), page.goto(`${portal}/keys`)]);
      await page.fill('#name', '还没写完');
      await page.check('#role-3');
      await page.evaluate(() => { document.querySelector('#name').focus(); window.untouched = true; });
      const name = `ERP ${Date.now()}`;
      await colleague.goto(`${portal}/keys`);
      await colleague.fill('#name', name);
      await colleague.check('#role-2');
      await colleague.click('form[action="/keys"] .actions button');
      await colleague.locator('#key').waitFor();
      await page.locator(`#list tr:has-text("${name}") .tag.accepted`).waitFor(SOON);
      await colleague.goto(`${portal}/keys`);
      await colleague.locator('tr', { hasText: name }).locator('button').click();
      await page.locator(`#list tr:has-text("${name}") .tag.cancelled`).waitFor(SOON);
      equal([await page.inputValue('#name'), await page.isChecked('#role-3')], ['还没写完', true], 'what is typed and chosen stays');
      equal(await page.evaluate(() => [document.activeElement.id, window.untouched]), ['name', true], 'focus, too; no reload');
    })));

  await test('what the operator does appears in the open pages of another of its members', () =>
    visit(sandbox.operator, {}, (page) => visit(sandbox.operator, { javaScriptEnabled: false }, async (colleague) => {
      await Promise.all([listening(page), page.goto(`${portal}/operator/announcements`)]);
      await page.evaluate(() => { window.untouched = true; });
      const text = `盘点 ${Date.now()}`;
      await colleague.goto(`${portal}/operator/announcements/new`);
      await colleague.fill('[name=zh]', text);
      await colleague.fill('[name=until_day]', inDays(2));
      await colleague.click('form#ask .actions button');
      const row = page.locator(`#list tr:has-text("${text}")`);
      try {
        await row.locator('.tag.accepted').waitFor(SOON);
      } finally {
        await colleague.click(`tr:has-text("${text}") button`);
      }
      await row.locator('.tag.cancelled').waitFor(SOON);
      equal(await page.evaluate(() => window.untouched), true, 'no reload');
    })));

  await test('such a list is read anew each time the stream says so, where nobody sees it once somebody does', () =>
    visit(chengyu, {}, async (page) => {
      await page.addInitScript(() => {
        window.away = false;
        Object.defineProperty(document, 'hidden', { get: () => window.away });
        // What the server says every twenty seconds, when this test says so.
        window.EventSource = class extends EventTarget {
          readyState = 1;

          constructor() {
            super();
            window.source = this;
          }

          close() { this.readyState = 2; }
        };
      });
      const seen = (yes) => page.evaluate((away) => {
        window.away = away;
        document.dispatchEvent(new Event('visibilitychange'));
      }, !yes);
      const tick = () => page.evaluate(() => {
        const data = JSON.stringify({ what: ['untold'], text: '' });
        window.source.dispatchEvent(new MessageEvent('changed', { data, lastEventId: '' }));
      });
      // Longer than pages take to read anew, which not all do at once.
      const wait = () => page.waitForTimeout(3_500);
      await page.goto(`${portal}/members`);
      await page.waitForFunction(() => !!window.source);
      let read = 0;
      page.on('request', (request) => { read += new URL(request.url()).pathname === '/members'; });
      await tick();
      await until('it is read while somebody sees it', () => read === 1);
      await tick();
      await until('and read again', () => read === 2);
      await seen(false);
      for (let times = 0; times < 2; times += 1) await tick();
      await wait();
      equal(read, 2, 'while nobody does');
      await seen(true);
      await until('as soon as somebody does', () => read === 3);
      await wait();
      equal(read, 3, 'once');
    }));
}

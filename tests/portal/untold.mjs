// Lists that no feed tells of: what is changed here appears in pages that are open, and nobody loses the place.

import { equal, inDays, portal, sandbox, test, visit } from './browser.mjs';

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

  await test('such a list is read anew every twenty seconds, where nobody sees it once somebody does', () =>
    visit(chengyu, {}, async (page) => {
      await page.addInitScript(() => {
        window.away = false;
        Object.defineProperty(document, 'hidden', { get: () => window.away });
      });
      const seen = (yes) => page.evaluate((away) => {
        window.away = away;
        document.dispatchEvent(new Event('visibilitychange'));
      }, !yes);
      await Promise.all([listening(page), page.goto(`${portal}/members`)]);
      let read = 0;
      page.on('request', (request) => { read += new URL(request.url()).pathname === '/members'; });
      await page.waitForTimeout(22_000);
      equal(read, 1, 'while somebody sees it');
      await seen(false);
      await page.waitForTimeout(42_000);
      equal(read, 1, 'while nobody does');
      await seen(true);
      await page.waitForTimeout(1_000);
      equal(read, 2, 'as soon as somebody does, once');
    }));
}

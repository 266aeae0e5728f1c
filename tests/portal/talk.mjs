// What customer and supplier say about a demand: written, read and taken back. With scripts and without.

import { byTurns, equal, inDays, portal, sandbox, says, test, visit } from './browser.mjs';
import { fit } from './requests.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;

const send = (page) => page.locator('form#ask .actions button').click();

export async function talk() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false, locale: 'en-GB' }]])) {
    const english = options.locale === 'en-GB';
    const text = english ? 'For the fair <b>only</b>' : '展会用 <b>仅此一周</b>';

    await test(`a demand is talked about, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/capacity/demand`);
        await page.locator('ul.tasks a', { hasText: 'CY-BX-0450' }).click();
        await page.locator('.actions a').first().click();
        await send(page);
        await page.locator('.errors').waitFor();
        await page.fill('#text', text);
        await page.fill('#week', inDays(35));
        await page.selectOption('#kind', 'warning');
        await fit(page, 'writing', options);
        await send(page);
        await page.waitForURL(/\/capacity\/comments\/demand\/[0-9a-f-]+$/);
        await says(page, text);
        await fit(page, 'comments', options);
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/capacity/demand`);
        await page.locator('ul.tasks a', { hasText: 'CY-BX-0450' }).click();
        await says(page, text);
        equal(await page.locator('tr', { hasText: text }).locator('a.button').count(), 0, 'others do not delete it');
      });
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/capacity/demand`);
        await page.locator('ul.tasks a', { hasText: 'CY-BX-0450' }).click();
        await page.locator('tr', { hasText: text }).locator('a.button').click();
        await send(page);
        await page.waitForURL(/\/capacity\/comments\/demand\/[0-9a-f-]+$/);
        equal(await page.locator('tr', { hasText: text }).count(), 0, 'it is gone');
      });
    });
  }
}

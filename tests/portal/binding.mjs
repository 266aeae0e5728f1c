// Drawings and the orders that are made by them: the story's bracket, whose revision C one supplier has not acknowledged. With
// scripts and without.

import { equal, ok, portal, sandbox, says, test, visit, ways } from './browser.mjs';
import { fit } from './requests.mjs';

const yuanzhang = sandbox.anchors.find((one) => one.id === 'A3');
const hengmao = sandbox.suppliers.find((one) => one.id === 'S2');

const row = (page, text) => page.locator('main tr', { hasText: text });

export async function binding() {
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

    await test(`a revision shows its impact to the owner and what is to be done to the supplier, ${how}`, async () => {
      const orders = {};
      await visit(yuanzhang, { javaScriptEnabled }, async (page) => {
        await page.goto(`${portal}/resources/own`);
        await page.locator('a:text-is("转向柱支架 YZ-10022 图纸")').click();
        await row(page, 'Ø8.5→Ø9.0').locator('a.button', { hasText: '查看影响' }).click();
        await says(page, '2 行，2 张订单，1 家供应商');
        // Of order 37, 900 pieces are on their way in the story; that is known once despatches are, and not zero before.
        await says(page, '3,600');
        equal(await page.locator('main td:text-is("未知")').count() > 0, true, 'unknown is said');
        for (const [number, open] of [['YZ-PO-771169', '2,000'], ['YZ-PO-771150', '1,600']]) {
          ok((await row(page, number).innerText()).includes(open), `${number}: ${open}`);
          ok((await row(page, number).innerText()).includes('尚未'), `${number}: not acknowledged`);
          orders[number] = await page.locator(`main a:text-is("${number}")`).getAttribute('href');
        }
        for (const number of ['YZ-PO-771131', 'YZ-PO-771199']) {
          equal(await row(page, number).count(), 0, `${number} is closed, or made by C already`);
        }
        await page.locator('main a.button', { hasText: '变更未交订单' }).click();
        await page.goto(`${portal}/resources/policy`);
        equal(await page.inputValue('#retention'), '180', 'the retention');
        await page.fill('#retention', '4000');
        await page.locator('form#ask .actions button').click();
        await page.locator('.errors').waitFor();
        equal(await page.inputValue('#retention'), '4000', 'what was typed is kept');
        await page.goto(`${portal}/resources/access`);
        for (const kind of ['撤销', '拒绝']) {
          ok(await page.locator('main tr', { hasText: kind }).count() > 0, `the log has ${kind}`);
        }
      });
      await visit(hengmao, { javaScriptEnabled, locale: 'en-GB' }, async (page) => {
        await page.goto(portal + orders['YZ-PO-771169']);
        await says(page, 'Superseded by revision C');
        await says(page, 'ordered by revision B, and revision C is in force');
        await fit(page, 'the supplier’s order', { javaScriptEnabled, locale: 'en-GB' });
        await page.locator('main a.button', { hasText: 'Acknowledge C' }).click();
        await says(page, 'Ø8.5→Ø9.0');
      });
    });
  }
}

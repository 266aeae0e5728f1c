// The page of the API: what it explains, and that what is typed there is really called.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { equal, ok, sandbox, says, test, visit } from './browser.mjs';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const home = `${sandbox.api}/docs`;
const publish = '/tandem.orders.v1.OrderService/PublishOrder';
const subscribe = '/tandem.stream.v1.StreamService/Subscribe';
const box = (page, path) => page.locator(`details.method[id="${path}"]`);

export async function docs() {
  await test('the page of the API calls what is typed there', () =>
    visit(null, { locale: 'en-GB', viewport: { width: 1200, height: 800 } }, async (page) => {
      const asked = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(home);
      await page.fill('#search', 'publishorder');
      equal(await page.locator('nav a:visible:text-is("Subscribe")').count(), 0, 'the rest is out of the way');
      await page.click('nav a:text-is("PublishOrder")');
      const method = box(page, publish);
      await method.locator('summary code:text-is("content")').first().click();
      await method.getByText('The buyer\'s own number', { exact: false }).first().waitFor();
      const request = JSON.parse(await method.locator('textarea').inputValue());
      request.requestId = request.content.orderNumber = `DOCS-${Date.now()}`;
      await method.locator('textarea').fill(JSON.stringify(request));
      await method.locator('button.send').click();
      await says(page, '401');
      await page.fill('#key', sandbox.anchor.key);
      await method.locator('button.send').click();
      await method.locator('pre:has-text("orderId")').waitFor();
      await says(page, '200');

      await page.fill('#search', '');
      await page.click('nav a:text-is("Subscribe")');
      const stream = box(page, subscribe);
      await stream.locator('textarea').fill('{"earliest": true}');
      await stream.locator('button.send').click();
      await stream.locator(`pre:has-text("${request.requestId}")`).waitFor();
      await stream.locator('button:text-is("Stop")').click();
      ok(asked.every((url) => url.startsWith(sandbox.api)), 'nothing from another host');
      equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0, 'the key is kept nowhere');
    }));

  await test('the page of the API speaks Chinese, fits a phone, and can be used by everybody', () =>
    visit(null, {}, async (page) => {
      await page.goto(home);
      await says(page, 'API 密钥');
      await box(page, publish).locator('> summary').click();
      await says(page, '在此试用');
      // By the page's own policy nothing may be put into it, so the checker comes through the debugger.
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Runtime.evaluate', { expression: readFileSync(axe, 'utf8') });
      const { result } = await devtools.send('Runtime.evaluate', {
        expression: 'axe.run().then((found) => JSON.stringify(found.violations.map((v) => [v.id, v.nodes[0].html])))',
        awaitPromise: true,
      });
      equal(result.value, '[]', 'nothing stands in the way of anybody');
      ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it fits');
    }));
}

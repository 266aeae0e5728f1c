// Links, sessions and languages.

import { browser, equal, ok, phone, portal, sandbox, says, test, visit } from './browser.mjs';

const [shunmo, , linyi] = sandbox.suppliers;

export async function signingIn() {
  await test('a sign-in link is looked at twice, used once, and then explains itself', async () => {
    const context = await browser.newContext({ locale: 'zh-CN', viewport: phone, javaScriptEnabled: false });
    const page = await context.newPage();
    for (let look = 0; look < 2; look += 1) {
      await page.goto(linyi.sign_in);
      await says(page, linyi.person);
      equal((await context.cookies()).length, 0, 'a look leaves no cookie');
    }
    await page.click('main form button');
    await page.waitForURL(/inbox/);
    const [cookie] = (await context.cookies()).filter((one) => one.name.includes('tandem'));
    ok(cookie.httpOnly && cookie.sameSite === 'Lax', 'the cookie is out of scripts’ and other sites’ reach');
    await page.goto(linyi.sign_in);
    await says(page, '链接已使用过');
    await page.goto(`${portal}/inbox`);
    await page.click('summary');
    await page.click('form[action="/sign-out"] button');
    await page.waitForURL(/sign-in/);
    await page.goto(`${portal}/inbox`);
    await says(page, '请打开您收到的链接');
    equal((await context.request.get(`${portal}/inbox`)).status(), 401, 'the session has ended');
    await context.close();
  });

  await test('the other language keeps the page and its filters', () =>
    visit(shunmo, { javaScriptEnabled: false }, async (page) => {
      await page.goto(`${portal}/inbox?show=all`);
      await page.click('button:text-is("English")');
      await says(page, 'Needs my answer');
      equal(new URL(page.url()).search, '?show=all', 'the filter stays');
      equal(await page.getAttribute('html', 'lang'), 'en-GB', 'the page says its language');
      await page.click('button:text-is("中文")');
      await says(page, '待我答复');
    }));

  await test('what is not there, and what belongs to others, looks the same', () =>
    visit(shunmo, {}, async (page) => {
      const strangers = `/orders/${sandbox.anchor.firm}`;
      for (const path of ['/no-such-page', strangers, '/orders/%27%3B--', '/orders/../../etc/passwd']) {
        const response = await page.goto(portal + path);
        equal(response.status(), 404, path);
        await says(page, '找不到这个页面');
        ok(await page.locator('code').first().isVisible(), 'with a code');
      }
    }));
}

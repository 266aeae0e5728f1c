// Links, sessions and languages.

import { browser, equal, measured, ok, phone, portal, publish, sandbox, says, test, visit } from './browser.mjs';

const [shunmo] = sandbox.suppliers;
// The second anchor's link is used up here: nobody else signs in with it.
const { anchors: [chengyu, mumian, yuanzhang] } = sandbox;

/** A link that signs a member in, as the firm's administrator hands it out. */
const linkOf = (administrator, name) => visit(administrator, { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${portal}/members`);
  await page.click(`tr:has-text("${name}") button`);
  return page.inputValue('#link');
});

/** The stream is open before anything happens that it should tell. */
const live = (page) => page.waitForResponse((response) => response.url().includes('/live'));

/** A buyer comes in by a link, to a page that is live. */
async function comesIn(page, link) {
  const begins = live(page);
  await page.goto(link);
  await page.click('main form button');
  await page.waitForURL(/purchases/);
  await begins;
}

/** A new order appears in a page of the first anchor's buyers without a reload. */
async function followed(page) {
  const word = `再次登录${Date.now()}`;
  await Promise.all([live(page), page.goto(`${portal}/purchases?state=unanswered&q=${encodeURIComponent(word)}`)]);
  await page.evaluate(() => { window.untouched = true; });
  const number = publish({ lines: 1, name: () => word });
  await page.locator(`a:text-is("${number}")`).waitFor();
  equal(await page.evaluate(() => window.untouched), true, 'no reload');
}

export async function signingIn() {
  await test('a sign-in link is looked at twice, used once, and then explains itself', async () => {
    const context = await browser.newContext({ locale: 'zh-CN', viewport: phone, javaScriptEnabled: false });
    const page = await context.newPage();
    for (let look = 0; look < 2; look += 1) {
      await page.goto(mumian.sign_in);
      await says(page, mumian.person);
      equal((await context.cookies()).length, 0, 'a look leaves no cookie');
    }
    await page.click('main form button');
    await page.waitForURL(/purchases/);
    const [cookie] = (await context.cookies()).filter((one) => one.name.includes('tandem'));
    ok(cookie.httpOnly && cookie.sameSite === 'Lax', 'the cookie is out of scripts’ and other sites’ reach');
    await page.goto(mumian.sign_in);
    await says(page, '链接已使用过');
    await page.goto(`${portal}/inbox`);
    await page.click('.account summary');
    await page.click('form[action="/sign-out"] button');
    await page.waitForURL(/sign-in/);
    await page.goBack();
    equal(new URL(page.url()).pathname, '/inbox', 'back to where one was');
    await says(page, '请打开您收到的链接');
    ok(!(await page.innerText('body')).includes(mumian.person), 'D27: and nothing of it was kept');
    equal((await context.request.get(`${portal}/inbox`)).status(), 401, 'the session has ended');
    const kept = { headers: { cookie: `${cookie.name}=${cookie.value}` }, redirect: 'manual' };
    equal((await fetch(`${portal}/inbox`, kept)).status, 401, 'D02: for whoever kept its cookie, too');
    await page.goto('about:blank');
    await page.setContent(`<iframe src="${portal}/sign-in"></iframe>`);
    equal(await page.frames()[1].locator('main').count(), 0, 'D14: no other page frames it');
    await context.close();
  });

  await test('an administrator makes a link for a member, who signs in with it', async () => {
    const link = await linkOf(chengyu, '王敏');
    await visit(null, {}, async (page) => {
      await page.goto(link);
      await says(page, '王敏');
      await page.click('main form button');
      await page.waitForURL(/purchases/);
      await page.click('.account summary');
      equal(await page.locator('a[href="/members"]').count(), 0, 'a buyer administers nobody');
    });
  });

  for (const [words, at] of [['holds the stream', 0], ['reads along', 1]]) {
    await test(`who signs out in one tab reads so in the others, out of the one that ${words}`, async () => {
      const link = await linkOf(chengyu, '王敏');
      await visit(null, {}, async (first, context) => {
        await comesIn(first, link);
        const second = await context.newPage();
        await second.goto(`${portal}/purchases`);
        const [leaves, stays] = at ? [second, first] : [first, second];
        await leaves.bringToFront();
        await leaves.click('.account summary');
        await leaves.click('form[action="/sign-out"] button');
        await leaves.waitForURL(/sign-in/);
        await stays.bringToFront();
        await stays.locator('#signed-out').waitFor();
        // D04: it is no cut of the line, which would come back.
        equal(await stays.locator('#offline').isVisible(), false, 'nothing else is said');
        await leaves.bringToFront();
        await comesIn(leaves, await linkOf(chengyu, '王敏'));
        await followed(leaves);
        equal(await stays.locator('#signed-out').isVisible(), true, 'the other one shows nothing of the session that follows');
      });
    });
  }

  await test('who comes in for another firm is live, and a tab of the first firm reads signed out', async () => {
    const links = [await linkOf(yuanzhang, '周倩'), await linkOf(chengyu, '王敏')];
    await visit(null, {}, async (first, context) => {
      await comesIn(first, links[0]);
      const second = await context.newPage();
      await comesIn(second, links[1]);
      await first.bringToFront();
      await first.locator('#signed-out').waitFor();
      await second.bringToFront();
      await followed(second);
    });
  });

  await test('the operator begins with firms to verify, and has no list of orders before its eyes', () =>
    visit(sandbox.operator, {}, async (page) => {
      await page.goto(`${portal}/`);
      equal(new URL(page.url()).pathname, '/operator/firms', 'the daily work');
      equal(await page.locator('nav.work a').first().innerText(), '企业', 'firms come first');
      equal(await page.locator('nav.work a[href="/inbox"], nav.work a[href="/purchases"]').count(), 0, 'no trade');
      await says(page, '待核实');
    }));

  await test('what the operator announces stands on top until it is put away, in the language that there is', () =>
    visit(sandbox.operator, { javaScriptEnabled: false }, async (page) => {
      const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
      await page.goto(`${portal}/operator/announcements/new`);
      await page.fill('[name=zh]', '新版手册见 www.example.com');
      await page.click('main form button');
      equal(await page.locator('[name=until_day]').getAttribute('aria-invalid'), 'true', 'a notice says until when');
      equal(await page.inputValue('[name=zh]'), '新版手册见 www.example.com', 'what was typed is kept');
      await page.fill('[name=until_day]', day);
      await page.click('main form button');
      await says(page, '显示中');
      await visit(shunmo, { javaScriptEnabled: false }, async (reader) => {
        await reader.goto(`${portal}/inbox?show=all`);
        await says(reader, '新版手册见 www.example.com');
        equal(await reader.locator('.told a').count(), 0, 'an address is no link');
        await reader.click('.told button');
        equal(new URL(reader.url()).search, '?show=all', 'the page stays');
        equal(await reader.locator('.told').count(), 0, 'it is put away');
      });
      await visit(null, { javaScriptEnabled: false }, async (visitor) => {
        await visitor.goto(`${portal}/sign-in`);
        // A look serves for three seconds, and what the API says for one.
        for (let look = 0; look < 12 && !(await visitor.locator('.told').count()); look += 1) {
          await visitor.waitForTimeout(500);
          await visitor.reload();
        }
        await says(visitor, '新版手册见 www.example.com');
        equal(await visitor.locator('.told button').count(), 0, 'who has not signed in has nothing to put away');
      });
      await page.click('main td button');
      await says(page, '已撤回');
      equal(await page.locator('.told').count(), 0, 'nobody sees it any more');
    }));

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

/** What a supplier without an account finds: who asks it in, by which link, and for which order. */
async function invited(javaScriptEnabled) {
  if (!javaScriptEnabled) return renewed();
  const [name, number] = ['新邀纸箱（示例）厂', `J${Date.now().toString(36).toUpperCase()}`];
  const link = await visit(chengyu, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/partners/invite`);
    await page.fill('#name', name);
    await page.click('form#ask .actions button');
    await page.locator('#vendor_number-fault').waitFor();
    equal(await page.inputValue('#name'), name, 'what was typed is kept');
    await page.fill('#vendor_number', number);
    await page.click('form#ask .actions button');
    return page.inputValue('td.linked input');
  });
  return { link, order: publish({ supplier: { firm: number } }) };
}

/** The story's supplier, whose link is made anew. */
async function renewed() {
  const link = await visit(chengyu, {}, async (page, context) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${portal}/partners`);
    await page.click('tr:has-text("清禾包装") button');
    await page.click('button:text-is("复制链接")');
    await page.locator('button:text-is("已复制")').waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  });
  return { link, order: 'CY26110211' };
}

async function joined(javaScriptEnabled) {
  const { link, order } = await invited(javaScriptEnabled);
  await visit(null, { javaScriptEnabled }, async (page) => {
    const screens = new Set();
    page.on('framenavigated', (frame) => { if (frame === page.mainFrame()) screens.add(new URL(frame.url()).pathname); });
    await page.goto(link);
    await says(page, chengyu.name);
    const fields = await page.locator('main :is(input, select, textarea):visible').count();
    if (!javaScriptEnabled) measured('invitation-fields', fields, 'fields');
    ok(fields <= 6, `${fields} fields`);
    await page.fill('#name', '何清');
    await page.fill('#uscc', '123');
    await page.click('button:text-is("开始使用")');
    await page.locator('.errors').waitFor();
    equal([await page.inputValue('#name'), await page.inputValue('#uscc')], ['何清', '123'], 'kept');
    await page.fill('#uscc', '');
    await page.click('button:text-is("English")');
    await page.locator('html[lang=en-GB]').waitFor();
    equal(await page.inputValue('#name'), '何清', 'kept in the other language, too');
    await page.click('button:text-is("Begin")');
    await page.waitForURL(/inbox/);
    await page.click(`a:text-is("${order}")`);
    await page.waitForURL(/\/orders\//);
    if (!javaScriptEnabled) measured('invitation-screens', screens.size, 'screens');
    ok(screens.size <= 3, [...screens].join(' '));
    await page.goto(link);
    await says(page, 'The link was used already');
  });
}

/** Comes last: the supplier has an account from then on. */
export async function joining() {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await test(`an invited supplier begins with its name alone, and finds its orders, ${how}`, () => joined(javaScriptEnabled));
  }
}

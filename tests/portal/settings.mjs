// What a firm sets up: terms and tolerances with a partner, its calendar, where it is told, and its keys.

import { byTurns, equal, ok, portal, sandbox, says, test, visit } from './browser.mjs';

const { anchors: [chengyu], suppliers: [shunmo] } = sandbox;

/** Opens the page of a partner by its name in the list. */
export async function openPartner(page, name) {
  await page.goto(`${portal}/partners`);
  await page.locator('tbody th a', { hasText: name }).first().click();
  await page.waitForURL(/\/partners\/[0-9a-f-]+$/);
  return new URL(page.url()).pathname;
}

export async function settings() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false, locale: 'en-GB' }]])) {
    const english = options.locale === 'en-GB';
    const item = english ? 'CY-SET-1' : 'CY-SET-2';

    await test(`a buyer sets terms and a tolerance, and the supplier reads them, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await openPartner(page, '顺模');
        await page.locator('details', { has: page.locator('#answer') }).locator('summary').click();
        await page.fill('#answer', 'soon');
        await page.locator('form[action$="/terms"] button').click();
        await page.locator('.errors').waitFor();
        equal(await page.inputValue('#answer'), 'soon', 'what was typed is kept');
        await page.fill('#answer', english ? '4' : '２');
        await page.locator('form[action$="/terms"] button').click();
        await page.locator('.notice').waitFor();
        await says(page, english ? '4 working days' : '2 个工作日');
        await page.locator('details', { has: page.locator('#item_group') }).locator('summary').click();
        await page.fill('#item', item);
        await page.locator('form[action$="/tolerances"] button').click();
        await page.locator('.errors').waitFor();
        equal(await page.inputValue('#item'), item, 'what was typed is kept');
        await page.fill('#over-percent', '2.5');
        await page.fill('#late', '3');
        await page.locator('form[action$="/tolerances"] button').click();
        await page.locator('.notice').waitFor();
      });
      await visit(shunmo, options, async (page) => {
        await openPartner(page, '澄屿');
        await says(page, item);
        await says(page, '2.5 %');
        equal(await page.locator('#over-percent, #answer').count(), 0, 'the supplier only reads');
      });
      await visit(chengyu, options, async (page) => {
        await openPartner(page, '顺模');
        const card = page.locator('.card', { hasText: item });
        await card.locator('button').click();
        await page.locator('.notice').waitFor();
        equal(await page.locator('.card', { hasText: item }).count(), 0, 'the rule has ended');
      });
    });

    await test(`a figure of the scorecard leads to the orders behind it, ${words}`, async () => {
      for (const [firm, name] of [[chengyu, '顺模'], [shunmo, '澄屿']]) {
        await visit(firm, options, async (page) => {
          const partner = await openPartner(page, name);
          const figure = page.locator('.score details', { hasText: english ? 'Orders answered' : '已答复订单' });
          await figure.locator('summary').click();
          await figure.locator('a').click();
          await page.waitForURL(/\/score\/answered\?until=\d+$/);
          ok(new URL(page.url()).pathname.startsWith(partner), 'below the partner');
          await page.locator('tbody th a').first().click();
          await page.waitForURL(/\/orders\/[0-9a-f-]+$/);
        });
      }
    });

    await test(`the working calendar is set and counts, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/calendar`);
        await page.fill('#closed', '2026-12-24\nnever');
        await page.click('form[method=post][action="/calendar"] .actions button');
        await page.locator('.errors').waitFor();
        await page.fill('#closed', '2026-12-24');
        await page.click('form[method=post][action="/calendar"] .actions button');
        await page.locator('.notice').waitFor();
        await page.goto(`${portal}/calendar?from=2026-09-30&days=3`);
        await says(page, english ? '10 Oct 2026' : '2026年10月10日');
        await page.goto(`${portal}/calendar?from=2026-12-23&days=1`);
        await says(page, english ? '25 Dec 2026' : '2026年12月25日');
        await page.fill('#closed', '');
        await page.click('form[method=post][action="/calendar"] .actions button');
        await page.locator('.notice').waitFor();
      });
    });

    await test(`a key is made, shown once, works, and is revoked, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/keys`);
        await page.click('form[action="/keys"] .actions button');
        await page.locator('.errors').waitFor();
        await page.fill('#name', `ERP ${words}`);
        await page.check('#role-2');
        await page.click('form[action="/keys"] .actions button');
        const key = await page.inputValue('#key');
        ok(/^tdm_live_/.test(key), 'a key is shown');
        const who = () => fetch(`${sandbox.api}/tandem.partners.v1.SessionService/WhoAmI`, {
          method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: '{}',
        });
        equal((await who()).status, 200, 'the key works');
        await page.goto(`${portal}/keys`);
        ok(!(await page.content()).includes(key), 'it is not shown again');
        await page.locator('tr', { hasText: `ERP ${words}` }).locator('button').click();
        await page.locator('.notice').waitFor();
        const until = Date.now() + 10_000;
        let status = 200;
        while (status === 200 && Date.now() < until) status = (await who()).status;
        equal(status, 401, 'a revoked key works no more');
      });
    });

    await test(`a channel is added with a secret address, changed and deleted, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/channels/new`);
        await page.check('#medium-2');
        await page.fill('#name', `采购一组群 ${words}`);
        await page.fill('#address', 'https://evil.example/cgi-bin/webhook/send?key=x');
        await page.locator('main form .actions button').click();
        await page.locator('.errors').waitFor();
        await page.fill('#address', `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7xxx-4bc4-97a0-${english ? '0ec2sifa5aaa' : '0ec2sifa5aab'}`);
        await page.locator('main form .actions button').click();
        await page.locator('.notice').waitFor();
        ok(!(await page.content()).includes('693a91f6-7xxx-4bc4'), 'the address is masked');
        await page.getByRole('link', { name: `采购一组群 ${words}` }).click();
        await page.uncheck('#kind-1');
        await page.fill('#quiet_from', '22:00');
        await page.fill('#quiet_until', '07:30');
        await page.locator('main form .actions button').click();
        await page.locator('.notice').waitFor();
        await says(page, '22:00');
        await page.locator('.card', { hasText: words }).locator('[formaction]').click();
        await page.locator('.notice').waitFor();
        equal(await page.locator('.card', { hasText: words }).count(), 0, 'the channel is gone');
      });
    });

    await test(`a webhook is added, shows its secret once, is tried and deleted, ${words}`, async () => {
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/webhooks/new`);
        await page.fill('#name', `ERP ${words}`);
        await page.fill('#url', 'https://10.0.0.1/hook');
        await page.locator('main form .actions button').click();
        await page.locator('.errors').waitFor();
        await page.fill('#url', 'http://127.0.0.1:9/hook');
        await page.locator('main form .actions button').click();
        const secret = await page.inputValue('#secret');
        ok(secret.startsWith('whsec_'), secret);
        await page.goto(`${portal}/webhooks`);
        ok(!(await page.content()).includes(secret), 'it is not shown again');
        const card = page.locator('.card', { hasText: words });
        await card.locator('button').first().click();
        await page.locator('.errors').waitFor();
        await says(page, 'UNREACHABLE');
        await page.getByRole('link', { name: `ERP ${words}`, exact: true }).click();
        await page.uncheck('[name=enabled]');
        await page.locator('main form .actions button').click();
        await page.locator('.notice').waitFor();
        // What cannot be taken back is asked once more, and turning back changes nothing.
        for (const [act, then] of [['replay', '.notice'], ['rotate', '#secret'], ['delete', '.notice']]) {
          await page.goto(`${portal}/webhooks`);
          const path = await card.locator(`a[href$="/${act}"]`).getAttribute('href');
          await page.goto(portal + path);
          await says(page, `ERP ${words}`);
          await page.click('main .actions a');
          equal(await card.count(), 1, `${act}: nothing was done yet`);
          await page.goto(portal + path);
          await page.click('button[name=lang]');
          await page.locator(`html[lang=${english ? 'zh-CN' : 'en-GB'}]`).waitFor();
          await page.click('button[name=lang]');
          await page.locator(`html[lang=${english ? 'en-GB' : 'zh-CN'}]`).waitFor();
          await page.locator('main .actions button').click();
          await page.locator(then).waitFor();
        }
        equal(await card.count(), 0, 'the webhook is gone');
        equal((await page.goto(`${portal}/webhooks/none/forget`)).status(), 404, 'there is nothing else to do');
      });
    });
  }
}

// What a firm can make: stated in forms, seen by a partner, and found by a need of which nobody offers anything. With scripts
// and without.

import { byTurns, equal, inDays, ok, portal, sandbox, says, test, visit } from './browser.mjs';
import { fit } from './requests.mjs';
import { openPartner } from './settings.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;
const own = `${portal}/capacity/profile`;

const send = (page) => page.locator('form#ask .actions button').click();
const row = (page, text) => page.locator('tbody tr', { hasText: text }).first();

export async function profile() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false, locale: 'en-GB' }]])) {
    const english = options.locale === 'en-GB';
    const process = english ? 'Blow moulding test' : '吹塑试验';
    const say = (zh, en) => (english ? en : zh);

    await test(`a profile is stated, seen and found, ${words}`, async () => {
      await visit(shunmo, options, async (page) => {
        await page.goto(own);
        await says(page, say('不构成交付义务', 'no obligation to deliver'));
        await page.locator('.actions a', { hasText: say('添加工艺', 'Add a process') }).click();
        await page.fill('#process', process);
        await page.fill('#materials', 'HDPE、PP');
        await page.fill('#tonnage', 'big');
        await send(page);
        await page.locator('.errors').waitFor();
        equal(await page.inputValue('#materials'), 'HDPE、PP', 'what was typed is kept');
        await page.fill('#tonnage', '90');
        await page.fill('#equipment', '90 t 吹塑机');
        await send(page);
        await page.waitForURL(/done=saved/);
        ok((await row(page, process).innerText()).includes('90 t'), 'it stands among the own processes');
        await fit(page, 'the profile', options);
        await page.locator('.actions a', { hasText: say('资质', 'Certificates') }).click();
        await page.fill('#certificates', `ISO 9001 ${inDays(300)}\nIATF 16949`);
        await fit(page, 'certificates', options);
        await send(page);
        await page.waitForURL(/done=saved/);
        await says(page, say('ISO 9001（至', 'ISO 9001 (until'));
      });
      await visit(chengyu, options, async (page) => {
        await openPartner(page, '顺模');
        await says(page, '90 t 吹塑机');
        await page.goto(`${own}?q=${encodeURIComponent(process)}`);
        equal(await page.locator('tbody tr', { hasText: process }).count(), 1, 'found by its process');
        await page.goto(`${portal}/capacity/requests/new`);
        await page.fill('#process', process);
        await page.fill('#materials', 'pp');
        await page.fill('#quantity', '10');
        await page.fill('#first', inDays(35));
        await page.fill('#last', inDays(42));
        await page.fill('#certificates', 'IATF 16949');
        await page.fill('#price', '120.50');
        await page.check('#to-named');
        await send(page);
        await page.locator('.errors').waitFor();
        await page.getByLabel(/顺模/).check();
        await send(page);
        await page.waitForURL(/\/capacity\/requests\/[0-9a-f-]{36}$/);
        await says(page, say('可询问', 'Could be asked'));
        await says(page, say('能力档案有硬条件未满足', 'its profile misses a hard condition'));
        await says(page, '120.5');
        await fit(page, 'firms that could be asked', options);
        await page.locator('a.button', { hasText: say('询问对方', 'Ask this firm') }).click();
        await page.fill('#note', say('能做吗', 'Can you'));
        await send(page);
        await page.waitForURL(/done=proposed/);
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/capacity/requests`);
        await says(page, say('能做吗', 'Can you'));
        await page.goto(own);
        await row(page, process).locator('a.button', { hasText: say('删除', 'Remove') }).click();
        await send(page);
        await page.waitForURL(/done=saved/);
        equal(await page.locator('tbody tr', { hasText: process }).count(), 0, 'it is gone');
      });
    });
  }
}

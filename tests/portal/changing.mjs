// Offers and requests that are changed, while somebody else changes them, with scripts and without.

import { byTurns, equal, ok, portal, sandbox, says, test, visit } from './browser.mjs';
import { call, fit, linyi, offer } from './requests.mjs';

const { anchors: [chengyu] } = sandbox;

const send = (page) => page.locator('form#ask .actions button').click();

/** The same offer of another machine, as somebody else changes it. */
const changeElsewhere = (made) => call(linyi, 'OfferService/ChangeOffer', {
  offerId: made.id,
  version: made.version,
  content: { ...made.content, machine: '650 t 四号机' },
  visibility: made.visibility,
  firmIds: made.firmIds,
  holdSeconds: made.holdSeconds,
  buckets: made.buckets.map(({ monday, total }) => ({ monday, quantity: total })),
});

export async function changing() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false }]])) {
    await test(`an offer is changed, and a stale form is refused and kept, ${words}`, async () => {
      const made = await offer(`修改试验 ${words}`);
      const place = `${portal}/capacity/offers/${made.id}`;
      await visit(linyi, options, async (page) => {
        await page.goto(place);
        await page.click('main a.button:text-is("修改")');
        await fit(page, 'the form', options);
        equal(await page.inputValue('#machine'), '650 t 三号机', 'what stands is filled in');
        const week = page.locator('input[name^="w-"]').first();
        equal(await week.inputValue(), '40', 'the week, too');
        await week.fill('41');
        await send(page);
        await says(page, '只余 40 小时');
        equal(await week.inputValue(), '41', 'what was typed is kept');
        await week.fill('30');
        await page.fill('#note', '夜班可加');
        await changeElsewhere(made);
        await send(page);
        await says(page, '其他人刚修改过这项发布');
        await says(page, '现为 650 t 四号机');
        equal([await week.inputValue(), await page.inputValue('#note')], ['30', '夜班可加'], 'and now');
        await fit(page, 'the form that came back', options);
        await send(page);
        await page.waitForURL(/done=changed/);
        await page.goto(place);
        const text = await page.innerText('main');
        ok(text.includes('30 小时') && text.includes('夜班可加') && text.includes('三号机'), `it is changed: ${text}`);
      });
      await visit(chengyu, options, async (page) => {
        await page.goto(place);
        await says(page, '30 小时');
        equal(await page.locator('a[href$="/change"]').count(), 0, 'others change nothing');
      });
    });

    await test(`a request is changed, and what came of requests is counted, ${words}`, async () => {
      const process = `需求修改 ${words}`;
      const { monday } = (await offer(process)).buckets[0];
      const content = { process, quantity: { value: '50' }, unitCode: 'HUR', firstMonday: monday, lastMonday: monday };
      const request = { content, visibility: 'OFFER_VISIBILITY_PARTNERS' };
      await call(chengyu, 'CapacityRequestService/PublishCapacityRequest', request);
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/capacity/requests`);
        const row = page.locator('tbody tr', { hasText: process }).first();
        await row.locator('a.button', { hasText: '修改需求' }).click();
        await fit(page, 'the form', options);
        await page.fill('#quantity', 'many');
        await send(page);
        await page.locator('.errors').waitFor();
        await page.fill('#quantity', '35');
        await send(page);
        await page.waitForURL(/done=changed/);
        ok((await row.innerText()).includes('35 小时'), 'it is changed');
        await says(page, '撮合结果');
        await says(page, '本企业的撮合');
        await fit(page, 'the board', options);
      });
    });
  }
}

// Need and match: a request is published and explained offer by offer, another firm answers it, and the two go on from there.
// With scripts and without.

import { byTurns, equal, inDays, ok, portal, sandbox, says, test, visit } from './browser.mjs';
import { sideways, small, violations } from './pages.mjs';

const { anchors: [chengyu] } = sandbox;
export const linyi = sandbox.suppliers.find((firm) => firm.name.includes('邻益'));
const board = `${portal}/capacity/requests`;

/** A call of the API in JSON; what changes something has an id of its own. */
export async function call(firm, method, body, area = 'capacity') {
  const once = /\/(Get|List)/.test(method) ? {} : { requestId: `requests-${process.pid}-${Math.random()}` };
  const answer = await fetch(`${sandbox.api}/tandem.${area}.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${firm.key}` },
    body: JSON.stringify({ ...once, ...body }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method}: ${text}`);
  return JSON.parse(text);
}

/** The Monday five weeks away, on the wire. */
function monday() {
  const day = new Date(`${inDays(35)}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return { year: day.getUTCFullYear(), month: day.getUTCMonth() + 1, day: day.getUTCDate() };
}

/** An offer of the neighbour to the anchor: 40 hours of a 650 t machine for ABS. */
export async function offer(process) {
  const seconds = { value: '144000' };
  const weeks = [{ monday: monday(), actualCapacity: seconds, maximumCapacity: seconds }];
  const content = { name: `${process} 三号机`, unitCode: 'SEC', weeks };
  const { id } = await call(linyi, 'CapacityGroupService/UploadCapacityGroup', { content });
  return call(linyi, 'OfferService/PublishOffer', {
    groupId: id,
    visibility: 'OFFER_VISIBILITY_NAMED',
    firmIds: [chengyu.firm],
    content: { process, machine: '650 t 三号机', materials: ['ABS'], limits: { tonnageT: { value: '650' } } },
    buckets: [{ monday: monday(), quantity: seconds }],
  });
}

/** The page is fit for a phone and for those who hear it. */
export async function fit(page, what, options) {
  if (options.javaScriptEnabled === false) return;
  equal(await violations(page), [], `${what}: axe`);
  equal(await small(page), [], `${what}: targets`);
  equal(await sideways(page), [], `${what}: nothing scrolls sideways`);
}

/** A button's own words come first; which row it is about is said after them, to those who hear the page. */
const begins = (label) => new RegExp(`^\\s*${label}`);

const send = (page) => page.locator('form#ask .actions button').click();

/** Takes the step of this name in the row of a request. */
async function step(page, what, label, done) {
  await page.goto(board);
  await page.locator('tr', { hasText: what }).locator('a.button', { hasText: begins(label) }).last().click();
  await send(page);
  await page.waitForURL(new RegExp(`done=${done}`));
}

export async function requests() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false, locale: 'en-GB' }]])) {
    const english = options.locale === 'en-GB';
    const process = english ? 'Injection test' : '注塑试验';
    const say = (zh, en) => (english ? en : zh);

    await test(`a need is published, matched and answered, ${words}`, async () => {
      await offer(process);
      await visit(chengyu, options, async (page) => {
        await page.goto(`${board}/new`);
        await fit(page, 'the form', options);
        await page.fill('#process', process);
        await page.fill('#materials', 'PP，ABS');
        await page.fill('#quantity', 'many');
        await page.fill('#tonnage', '500');
        await page.fill('#first', inDays(35));
        await page.fill('#last', inDays(42));
        await send(page);
        await page.locator('.errors').waitFor();
        equal(await page.inputValue('#materials'), 'PP，ABS', 'what was typed is kept');
        await page.fill('#quantity', '50');
        await send(page);
        await page.waitForURL(/\/capacity\/requests\/[0-9a-f-]{36}$/);
        await says(page, say('没有完全满足硬条件的产能', 'No capacity meets every hard condition'));
        await says(page, '邻益');
        await says(page, say('差 10', 'short by 10'));
        await says(page, '150 t');
        await fit(page, 'the matches', options);
        await page.goto(board);
        await fit(page, 'the board', options);
      });
      await visit(linyi, options, async (page) => {
        await step(page, process, say('我能承接', 'We can do it'), 'proposed');
        equal(await page.locator('tr', { hasText: process }).locator('a.button', { hasText: begins(say('接受', 'Accept')) }).count(), 0, 'who proposed does not accept');
      });
      await visit(chengyu, options, async (page) => {
        await step(page, process, say('接受', 'Accept'), 'moved');
        await step(page, process, say('登记签约', 'Record contract'), 'moved');
        await step(page, process, say('登记交付', 'Record delivery'), 'moved');
        ok((await page.locator('tr', { hasText: process }).last().innerText()).includes(say('已交付', 'Delivered')), 'it was delivered');
        await step(page, process, say('关闭需求', 'Close request'), 'closed');
      });
      await visit(linyi, options, async (page) => {
        await page.goto(board);
        equal(await page.locator('tr', { hasText: process }).count(), 1, 'the match stays, the request is gone');
      });
    });
  }
}

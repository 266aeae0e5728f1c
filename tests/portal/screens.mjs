// Pictures of the pages as people of the sandbox see them; tests/screens starts it and says what for. Looks at each page
// for what needs no eye as well: errors in the console, sideways scroll, a page without a title.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { browser, open, portal, publish, sandbox, signIn } from './browser.mjs';
import { sideways } from './pages.mjs';
import { fitting, people, places, reach } from './places.mjs';
import { openPartner } from './settings.mjs';

const folder = process.env.TANDEM_SCREENS;
const every = process.env.TANDEM_SCREENS_ALL === 'yes';
const word = process.env.TANDEM_SCREENS_ONLY || '';
const widths = every ? [360, 768, 1440] : [360, 1440];
const schemes = every ? ['light', 'dark'] : ['light'];
const { anchors: [chengyu, , yuanzhang], suppliers: [shunmo], operator } = sandbox;

/** A window of somebody's at a computer, in Chinese, for finding the way. */
async function desk(who, use) {
  const storageState = who ? await signIn(who) : undefined;
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState, locale: 'zh-CN' });
  await context.addCookies([{ name: 'tandem_language', value: 'zh', url: portal }]);
  try { return await use(await context.newPage()); } finally { await context.close(); }
}

/** A colleague of whoever administers the firm, with a link that the administrator hands out. */
const colleague = (admin, name) => desk(admin, async (page) => {
  await page.goto(`${portal}/members`);
  await page.locator('tbody tr', { hasText: name }).locator('form button').click();
  const link = page.locator('#link');
  return { id: `${admin.id} ${name}`, sign_in: await link.inputValue() };
});

/** Where the order of this number is, for whoever finds it in this list. */
const order = (who, number, list) => desk(who, (page) => open(page, number, list));

/** A page under a name, and whether it is among the most used. */
const place = (name, path, used = false) => ({ name, path, used, steps: [] });

/** What clerks see of the story, and of an order whose forty lines have longer names than any of it. */
async function clerks() {
  const many = (every || word) && publish({ lines: 40, quantity: '12800', name: (at) => `45L 家用加厚带轮可叠放收纳箱 箱体 PP 透明 环保料 ${at} 号模 出口包装 附中英双语说明书及合格证` });
  const asked = await order(shunmo, 'CY26110231');
  const sent = `${await order(shunmo, 'CY26110219')}/despatch-note`;
  const note = { '#number': 'CY26110219-1', '#date': '2026-12-14', '#q-0': '9600', '#lot-0': 'B-0712', '#packages': '24' };
  return [place('inbox', '/inbox', true), place('order', asked, true), place('change', `${asked}/change`, true),
    place('order-changed', await order(shunmo, 'YZ-PO-771175')), place('order-long', await order(shunmo, 'CY26110250'), true),
    place('despatch', sent), { ...place('despatch-note', sent), steps: [{ fields: note, press: 'main form .actions button', then: '.sign' }] },
    ...(many ? [place('change-long', `${await order(shunmo, many)}/change`)] : [])];
}

/** The story as people of the sandbox see it: `[who, person, pages]`. */
async function story() {
  const buyer = await colleague(chengyu, '王敏');
  const bought = await order(chengyu, 'CY26110231', '/purchases');
  const partner = await desk(chengyu, (page) => openPartner(page, '顺模'));
  const group = await desk(shunmo, async (page) => {
    await page.goto(`${portal}/capacity`);
    return page.locator('table.heat tbody tr', { hasText: 'S1-G3' }).locator('td').nth(5).locator('a').getAttribute('href');
  });
  return [
    ['visitor', null, [place('sign-in', '/sign-in', true)]],
    ['clerk', shunmo, await clerks()],
    ['planner', shunmo, [place('capacity', '/capacity', true), place('group', group, true)]],
    ['buyer', buyer, [place('purchases', '/purchases', true), place('at-risk', '/at-risk?days=30', true), place('bought', bought, true)]],
    ['administrator', chengyu, [place('partner', partner, true)]],
    ['engineer', yuanzhang, [place('resources', '/resources/own', true)]],
    ['operator', operator, [place('firms', '/operator/firms', true)]],
  ];
}

/** The story, and where every page is wanted or one is looked for by its name, all that the tests of a browser look at. */
async function tour() {
  const told = await story();
  if (!every && !word) return told;
  const all = await places();
  return [...told, ...Object.entries(all).map(([who, pages]) => [who, people[who], pages])];
}

const problems = [];
let taken = 0;

/** Looks at pages in one language, width and scheme, one after the other in one window. */
async function look([whose, who, pages], locale, width, colorScheme) {
  const storageState = who ? await signIn(who) : undefined;
  const context = await browser.newContext({ viewport: { width, height: width < 700 ? 640 : 900 }, storageState, locale, colorScheme });
  await context.addCookies([{ name: 'tandem_language', value: locale.slice(0, 2), url: portal }]);
  const page = await context.newPage();
  let at = '';
  const wrong = (what) => void problems.push({ page: at, path: new URL(page.url()).pathname, locale, width, scheme: colorScheme, what });
  page.on('pageerror', (error) => wrong(`error in a script: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) wrong(`console: ${line.text()}`);
  });
  for (const one of pages) {
    at = `${whose}-${one.name}`;
    const answer = await reach(page, one).catch((error) => wrong(error.message.split('\n')[0]));
    if (!answer) continue;
    if (!fitting(one, answer.status())) wrong(`answers ${answer.status()}`);
    if (!/^.+ – ./.test(await page.title())) wrong(`the title is ${JSON.stringify(await page.title())}`);
    if (!await page.locator('h1').count()) wrong('has no heading');
    for (const line of await sideways(page)) wrong(`scrolls sideways: ${line}`);
    const file = `${at}.${locale.slice(0, 2)}.${width}${colorScheme === 'dark' ? '.dark' : ''}.png`;
    await page.screenshot({ path: join(folder, file), fullPage: true, animations: 'disabled' });
    taken += 1;
  }
  await context.close();
}

mkdirSync(folder, { recursive: true });
const began = Date.now();
try {
  const wanted = (await tour()).map(([whose, who, pages]) => [whose, who,
    pages.filter(({ name, used }) => (word ? `${whose}-${name}`.includes(word) : used || every))]);
  for (const locale of ['zh-CN', 'en-GB']) {
    for (const width of widths) {
      for (const scheme of schemes) {
        for (const one of wanted.filter(([, , pages]) => pages.length)) await look(one, locale, width, scheme);
      }
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ screens: taken, folder, seconds: Math.round((Date.now() - began) / 1000), problems }));
process.exit(problems.length || !taken ? 1 : 0);

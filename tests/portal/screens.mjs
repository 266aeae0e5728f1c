// Pictures of the pages as people of the sandbox see them; tests/screens starts it and says what for. Looks at each page
// for what needs no eye as well: errors in the console, sideways scroll, a page without a title.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { capacityPaths } from './capacity.mjs';
import { browser, open, portal, publish, sandbox, signIn } from './browser.mjs';
import { openPartner } from './settings.mjs';
import { sideways } from './pages.mjs';

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

/** Who sees what: `[name, person, [[name of the page, path, whether it is among the most used, what its form is sent with]…]]`. */
async function tour() {
  const clerk = shunmo;
  const planner = shunmo;
  const buyer = await colleague(chengyu, '王敏');
  const engineer = yuanzhang;
  // Forty lines that wait for an answer, with longer names than the one of the sandbox.
  const many = every || word ? publish({ lines: 40, quantity: '12800', name: (at) => `45L 家用加厚带轮可叠放收纳箱 箱体 PP 透明 环保料 ${at} 号模 出口包装 附中英双语说明书及合格证` }) : '';
  const [asked, changed] = [await order(clerk, 'CY26110231'), await order(clerk, 'YZ-PO-771175')];
  const long = await order(clerk, 'CY26110250');
  const sent = `${await order(clerk, 'CY26110219')}/despatch-note`;
  const asking = many && await order(clerk, many);
  const bought = await order(chengyu, 'CY26110231', '/purchases');
  const proposal = await desk(chengyu, async (page) => {
    await page.goto(`${portal}/proposals`);
    return page.locator('tbody a.cover').first().getAttribute('href');
  });
  const partner = await desk(chengyu, (page) => openPartner(page, '顺模'));
  const weeks = await capacityPaths();
  const group = weeks.supplier.find((path) => path.includes('?week='));
  const firm = `/operator/firms/${shunmo.firm}`;
  const more = (paths) => paths.map((path) => [path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id').slice(1).replace(/[^a-z0-9-]+/g, '-'), path, false]);
  return [
    ['visitor', null, [['sign-in', '/sign-in', true], ...more(['/help', '/s/none', '/no-such-page'])]],
    ['clerk', clerk, [['inbox', '/inbox', true], ['order', asked, true], ['change', `${asked}/change`, true],
      ['order-changed', changed, false], ['order-long', long, true], ['inbox-empty', '/inbox?q=none', false],
      ['change-long', asking && `${asking}/change`, false], ['despatch', sent, false],
      ['despatch-note', sent, false, { number: 'CY26110219-1', date: '2026-12-14', 'q-0': '9600', 'lot-0': 'B-0712', packages: '24' }], ...more([`${asked}/accept`, `${asked}/refuse`, '/inbox?show=all', '/inbox/sheets', '/purchases', '/help', '/search?q=CY', '/practice', '/settings', '/partners'])]],
    ['planner', planner, [['capacity', '/capacity', true], ['group', group, true], ...more(['/capacity/edit', '/capacity/sheets', '/capacity/disclosure',
      '/capacity/offers', '/capacity/reservations', '/capacity/requests', '/capacity/profile', '/capacity/offers/new'])]],
    ['buyer', buyer, [['purchases', '/purchases', true], ['at-risk', '/at-risk?days=30', true], ['bought', bought, true],
      ...more(['/proposals', proposal, '/purchases/new', '/purchases?state=unanswered', `${bought}/revise`, `${bought}/cancel`, `${bought}/remind`,
        `${bought}/share`, '/reminders', '/capacity/demand'])]],
    ['administrator', chengyu, [['partner', partner, true], ...more([`${partner}/score/answered`, '/partners', '/partners/invite', '/partners/invite/list',
      '/members', '/members/new', '/sites', '/purchasing-groups', '/aliases', '/clusters', '/platform-actions', '/terms',
      '/settings', '/calendar', '/channels', '/channels/new', '/keys', '/webhooks', '/webhooks/new'])]],
    ['engineer', engineer, [['resources', '/resources/own', true], ...more(['/resources', '/resources/new',
      '/resources/entitlements', '/resources/access', '/resources/mine', '/resources/following'])]],
    ['operator', operator, [['firms', '/operator/firms', true], ...more(['/operator/firms/new', firm, `${firm}/verify`,
      `${firm}/merge`, '/operator/actions', '/clusters/new'])]],
  ];
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
  const wrong = (what) => problems.push({ page: at, path: new URL(page.url()).pathname, locale, width, scheme: colorScheme, what });
  page.on('pageerror', (error) => wrong(`error in a script: ${error.message}`));
  page.on('console', (line) => {
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) wrong(`console: ${line.text()}`);
  });
  for (const [name, path, , typed] of pages) {
    at = `${whose}-${name}`;
    let answer = await page.goto(portal + path);
    if (typed) {
      for (const [field, text] of Object.entries(typed)) await page.fill(`#${field}`, text);
      [answer] = await Promise.all([page.waitForNavigation(), page.click('main form .actions button')]);
    }
    if (answer.status() >= 400 && !/none|no-such/.test(path)) wrong(`answers ${answer.status()}`);
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
    pages.filter(([name, path, used]) => path && (word ? `${whose}-${name}`.includes(word) : used || every))]);
  for (const locale of ['zh-CN', 'en-GB']) {
    for (const width of widths) {
      for (const scheme of schemes) {
        for (const part of wanted.filter(([, , pages]) => pages.length)) await look(part, locale, width, scheme);
      }
    }
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify({ screens: taken, folder, seconds: Math.round((Date.now() - began) / 1000), problems }));
process.exit(problems.length || !taken ? 1 : 0);

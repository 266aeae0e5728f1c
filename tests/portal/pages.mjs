// What holds for every page: accessible in both languages and schemes, no sideways scroll, targets for fingers.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { INVITED, makeLink } from './buying.mjs';
import { capacityPaths } from './capacity.mjs';
import { resourcePaths } from './resources.mjs';
import { openPartner } from './settings.mjs';
import { equal, measured, ok, open, phone, portal, publish, sandbox, test, visit } from './browser.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;

/** Paths by who may see them. A page of the answer form with faults stands for those that come back. */
async function paths() {
  const found = { order: '', accepted: '', proposal: '', bought: '', document: '', share: '', partner: '' };
  const number = publish();
  await visit(shunmo, {}, async (page) => {
    found.order = await open(page, number);
    found.accepted = await open(page, publish());
    await page.goto(`${portal}${found.accepted}/accept`);
    await page.click('button:text-is("确认接受")');
    await page.waitForURL(/done=/);
  });
  await visit(chengyu, {}, async (page) => {
    await page.goto(`${portal}/proposals`);
    const first = page.locator('tbody a.cover').first();
    found.proposal = await first.getAttribute('href');
    found.partner = await openPartner(page, '顺模');
    found.bought = await open(page, publish(), '/purchases');
    const invited = await open(page, publish({ supplier: { firm: INVITED } }), '/purchases');
    found.document = new URL(await makeLink(page, invited, '何姐')).pathname;
    found.share = `${invited}/share`;
  });
  const firm = `/operator/firms/${shunmo.firm}`;
  const weeks = await capacityPaths();
  const resource = await resourcePaths();
  return [
    [null, ['/sign-in', '/s/none', '/i/none', '/d/none', '/help', found.document, `${found.document}/change`]],
    [shunmo, ['/inbox', '/inbox?show=all', '/inbox?q=none', found.order, `${found.order}/accept`,
      `${found.order}/change`, `${found.order}/refuse`, '/inbox/sheets', '/help', '/no-such-page', '/resources', '/resources/mine',
      '/resources/following', resource.own, found.accepted, `${found.accepted}/despatch-note`, '/search', '/search?q=none',
      '/practice', '/practice/accept', '/practice/change', '/practice/refuse', ...weeks.supplier]],
    [chengyu, ['/search?q=%E9%A1%BA%E6%A8%A1', '/purchases', '/purchases/new', '/purchases/sheets?state=accepted', '/purchases?state=accepted', '/purchases?state=unanswered', '/proposals', found.proposal,
      '/partners', found.partner, `${found.partner}/score/answered`, `${found.partner}/score/decided`, '/partners/invite', '/partners/invite/list', '/members', '/members/new', '/sites',
      '/sites/new', '/purchasing-groups', '/purchasing-groups/new', '/aliases', '/aliases/new', '/aliases/list',
      '/clusters', '/platform-actions', '/terms', '/settings', '/resources/own', '/resources/new', '/resources/entitlements', '/resources/access',
      resource.own, resource.files, `${resource.own}/grant`, '/calendar?from=2026-12-30&days=3',
      '/channels', '/channels/new', '/keys', '/webhooks', '/webhooks/new', '/at-risk?days=30', '/reminders', found.bought, `${found.bought}/revise`,
      `${found.bought}/cancel`, `${found.bought}/hold`, `${found.bought}/remind`, `${found.bought}/share`, found.share, ...weeks.customer]],
    [sandbox.operator, ['/operator/firms', '/operator/firms/new', firm, ...['verify', 'suspend', 'merge', 'reset-admin']
      .map((act) => `${firm}/${act}`), '/operator/actions', '/operator/webhooks', '/operator/announcements', '/operator/announcements/new', '/clusters', '/clusters/new']],
  ];
}

/** How often axe looked, and what it had against all pages together. */
const axeFound = { looks: 0, violations: 0 };

/** What axe has against a page, by all rules that WCAG names or by one. */
export async function violations(page, runOnly = TAGS) {
  // As the driver's own statement: the page's policy, which stays in force, lets no script of a page in.
  await page.evaluate(axe);
  const faults = await page.evaluate(async (only) => {
    const { violations: found } = await window.axe.run(document, { runOnly: only, resultTypes: ['violations'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
  }, runOnly);
  axeFound.looks += 1;
  axeFound.violations += faults.length;
  return faults;
}

/** Looks in both schemes; all that a scheme changes is colours. What is not in sight keeps those that it was drawn with. */
async function bothSchemes(page, what) {
  equal(await violations(page), [], `${what}, light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.reload();
  equal(await violations(page, ['color-contrast']), [], `${what}, dark`);
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Controls that a finger has to hit; links inside a sentence are as large as its text. */
export const small = (page) => page.evaluate(() => {
  const controls = document.querySelectorAll('button, .button, summary, select, textarea, nav a, .choice label, ' +
    '.tick, input:not([type=hidden], [type=radio], [type=checkbox], .unseen)');
  return [...controls].filter((one) => one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }))
    .map((one) => [one.outerHTML.slice(0, 80), Math.round(one.getBoundingClientRect().height)])
    .filter(([, height]) => height < 44);
});

/** What makes a page too wide; nothing where it is not. */
export const sideways = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth);
  return [`${scrollWidth - clientWidth} px`, ...wide.slice(-3).map((one) => one.outerHTML.slice(0, 120))];
});

/** What nobody can use on paper: places, buttons and fields that would be printed. */
export const unprintable = (page) => page.evaluate(() => {
  const screen = document.querySelectorAll('.ribbon, .top, .news, .bottom, nav, button, .button, input, select, textarea');
  return [...screen].filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 120));
});

/** The sheets that a page is printed on: width and height of each in millimetres. */
export async function sheets(page) {
  const file = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  const boxes = [...file.matchAll(/\/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]/g)];
  return boxes.map(([, ...sides]) => sides.map((points) => Math.round((points / 72) * 25.4)).join(' × '));
}

/** How high the header's row of places is; two rows would be higher than a finger needs. */
const places = (page) => page.evaluate(() => document.querySelector('.work')?.getBoundingClientRect().height || 0);

/** Every width and size of text at which nothing may be cut off. */
async function fits(page, what) {
  await page.setViewportSize({ width: 320, height: 640 });
  equal(await sideways(page), [], `${what} at 320 px`);
  await page.setViewportSize(phone);
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  equal(await sideways(page), [], `${what} at 360 px and text of 200 %`);
}

/** All that holds for a page, in one look at it. */
async function sound(page, path, locale) {
  const headers = (await page.goto(portal + path)).headers();
  ok(headers['content-security-policy'].startsWith("default-src 'none'"), `${path} has a policy`);
  equal(headers['cache-control'], 'no-store', path);
  equal(await page.getAttribute('html', 'lang'), locale, `${path} speaks the language`);
  equal(await small(page), [], path);
  ok(await places(page) < 60, `${path} has one row of places`);
  await bothSchemes(page, path);
  await fits(page, path);
}

export async function everyPage() {
  const all = await paths();
  for (const locale of ['zh-CN', 'en-GB']) {
    for (const [who, list] of all) {
      const whose = { [shunmo.id]: 'the supplier', [chengyu.id]: 'the buyer' }[who?.id] || (who ? 'the operator' : 'a stranger');
      await test(`pages of ${whose} are accessible, fit, and keep to the policy, ${locale}`, async () => {
        await visit(who, { locale }, async (page) => {
          for (const path of list) await sound(page, path, locale);
        });
      });
    }
    await test(`a form that came back is accessible, ${locale}`, async () => {
      await visit(shunmo, { locale }, async (page) => {
        await page.goto(`${portal}${all[1][1][3]}/change`);
        await page.fill('#q-0', '99999999');
        await page.fill('#q-1', '1');
        await page.check('#rest-1');
        await page.click('main form .actions button');
        await page.locator('.errors').waitFor();
        equal(await violations(page), [], 'a form that came back');
      });
    });
    await test(`a despatch note is accessible and fits, ${locale}`, async () => {
      await visit(shunmo, { locale }, async (page) => {
        await page.goto(portal + all[1][1].find((path) => path.endsWith('/despatch-note')));
        await page.fill('#q-0', '99999999');
        await page.click('main form .actions button');
        await page.locator('.errors').waitFor();
        equal(await violations(page), [], 'a note that came back');
        for (const [field, text] of [['q-0', '5.50'], ['lot-0', 'B-07'], ['packages', '12'], ['remark', 'A']]) await page.fill(`#${field}`, text);
        await page.click('main form .actions button');
        await page.locator('.sign').waitFor();
        equal(await violations(page), [], 'the paper, light');
        equal(await small(page), [], 'the paper');
        await page.emulateMedia({ colorScheme: 'dark' });
        equal(await violations(page, ['color-contrast']), [], 'the paper, dark');
        await fits(page, 'the paper');
      });
    });
  }
  measured('axe-looks', axeFound.looks, 'looks');
  measured('axe-violations', axeFound.violations, 'violations');
}

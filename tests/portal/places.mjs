// Where each page of the portal is: its route as the source has it, who looks at it, and a path by which the sandbox shows
// it; of a page that answers a form, what is typed as well. A test of the portal's own wants a line here for each route.

import { make, twoMore } from './made.mjs';
import { inDays, portal, sandbox } from './browser.mjs';

const { anchors: [chengyu, , yuanzhang], suppliers: [shunmo], operator } = sandbox;

/** Who looks at pages, by the word for them; a visitor has no session. */
export const people = { visitor: null, supplier: shunmo, customer: chengyu, engineer: yuanzhang, operator };

/** A name that is the same each time, whatever ids there are. */
const named = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{40,}/g, 'id').replace(/\d{4}-\d\d-\d\d/g, 'day')
  .slice(1).replace(/[^a-z0-9-]+/g, '-').replace(/-$/, '') || 'start';

/** A page by its route, with what its parts in braces are; a last part that begins with `?` stands behind them. */
function at(route, ...parts) {
  const query = String(parts.at(-1)).startsWith('?') ? parts.pop() : '';
  const path = route.replace(/\{\w+\}/g, () => {
    if (!parts[0]) throw new Error(`${route}: there is nothing of the kind`);
    return parts.shift();
  }) + query;
  return { name: named(path), path, steps: [] };
}

/** What a form is sent with: texts and files by field, `true` for what is ticked; its button; and what shows the answer. */
const step = (fields, press, then) => ({ fields, press, then });
const wrong = (fields = {}, press = '#ask .actions button') => step(fields, press, '.errors, main .fault');
/** The page that a form leads to, under a name of its own. */
const answer = (word, place, ...steps) => ({ ...place, name: `${place.name}-${word}`, steps });

/** Presses what sends a form; answers what came of it, wherever that led. */
async function send(page, press) {
  const comes = (answer) => answer.request().isNavigationRequest() && Math.floor(answer.status() / 100) !== 3;
  const [got] = await Promise.all([page.waitForResponse(comes), page.click(press)]);
  return got;
}

/** Goes to a page as a person does; answers what came of its address, or of the form that was sent last. */
export async function reach(page, { path, steps }) {
  let got = await page.goto(portal + (typeof path === 'function' ? path() : path));
  for (const { fields, press, then } of steps) {
    for (const [field, value] of Object.entries(fields)) {
      if (value === true) await page.check(field);
      else if (value.buffer) await page.setInputFiles(field, value);
      else await page.fill(field, value);
    }
    got = await send(page, press);
    await page.locator(then).first().waitFor();
  }
  return got;
}

/** Whether a page is answered as it should be: that there is nothing where nothing is, that what was sent is wrong or late
 * where a form comes back, else without a fault. */
export function fitting({ path, steps }, status) {
  if (/none$|no-such/.test(path) && !/[?]/.test(path)) return [404, 410].includes(status);
  return status < 400 || (steps.length > 0 && [409, 422].includes(status));
}

const visitor = ({ orders, firms }) => [
  at('/sign-in'), at('/sign-in', '?done=sent'),
  answer('wrong', at('/sign-in'), wrong({ '#mail': 'he..jie@example.invalid' }, 'main form .actions button')),
  at('/s/{token}', firms.signIn), at('/s/{token}', 'none'), at('/i/{token}', firms.invitation), at('/i/{token}', 'none'),
  answer('wrong', at('/i/{token}', firms.invitation), wrong({ '#name': '何清', '#uscc': '123' }, '#join .actions button')),
  answer('code', at('/i/{token}', firms.coded)),
  answer('code-wrong', at('/i/{token}', firms.coded), wrong({ '#name': '何清', '#code': '000000' }, '#join > .actions button')),
  at('/d/{token}', 'none'), at('/d/{token}', orders.document.token), at('/d/{token}/accept', orders.document.token),
  at('/d/{token}/change', orders.document.token), at('/d/{token}/refuse', orders.document.token),
  at('/d/{token}/despatch-note', orders.delivered), at('/help'),
];

const supplierOrders = ({ orders: { asked: { id: asked }, accepted }, firms, tables }) => [
  at('/inbox'), at('/inbox', '?show=all'), at('/inbox', '?q=none'), at('/inbox', '?select=all'), at('/no-such-page'), at('/help'),
  at('/orders/{id}', asked), at('/orders/{id}/accept', asked), at('/orders/{id}/change', asked), at('/orders/{id}/refuse', asked),
  answer('wrong', at('/orders/{id}/change', asked),
    wrong({ '#q-0': '99999999', '#q-1': '1', '#rest-1': true }, 'main form .actions button')),
  answer('wrong', at('/orders/{id}/refuse', asked), wrong({}, '#refuse .actions button')),
  at('/orders/{id}', accepted), at('/orders/{id}/despatch-note', accepted),
  answer('wrong', at('/orders/{id}/despatch-note', accepted), wrong({ '#q-0': '99999999' }, 'main form .actions button')),
  answer('paper', at('/orders/{id}/despatch-note', accepted),
    step({ '#q-0': '5.50', '#lot-0': 'B-07', '#packages': '12', '#remark': 'A' }, 'main form .actions button', '.sign')),
  at('/inbox/sheets'), answer('none', at('/inbox/sheets'), wrong({ '#file': tables.none }, '#sheet .actions button')),
  answer('red', at('/inbox/sheets'), step({ '#file': tables.answers }, '#sheet .actions button', '.done')),
  answer('bulk', at('/inbox', '?select=all'), step({}, '#bulk button', '#note')),
  answer('bulk-done', { name: 'inbox', path: () => `/inbox?q=${encodeURIComponent(twoMore())}&select=all` },
    step({}, '#bulk button', '#note'), step({}, 'form[action="/inbox/bulk/send"] .actions button', '.done')),
  at('/search'), at('/search', '?q=none'), at('/search', '?q=CY'), at('/partners'), at('/clusters'), at('/settings'), at('/purchases'),
  at('/practice'), at('/practice/accept'), at('/practice/change'), at('/practice/refuse'), answer('claim', at('/i/{token}', firms.coded)),
];

const supplierCapacity = ({ capacity: { group, own, lent }, tables, week }) => [
  at('/capacity'), at('/capacity/edit'), at('/capacity/sheets'), at('/capacity/disclosure'), at('/capacity/disclosure/set', '?customer='),
  at('/capacity/payloads'), at('/capacity/payloads/import'), at('/capacity/payloads/answer'),
  at('/capacity/payloads/preview', `?kind=groups&partner=${chengyu.firm}`), at('/capacity/offers/{id}/change', own),
  answer('none', at('/capacity/sheets'), wrong({ '#file': tables.none }, '#sheet .actions button')),
  at('/capacity/groups/{id}', group, `?week=${week}`), at('/capacity/groups/{id}/bounds', group), at('/capacity/groups/{id}/edit', group),
  at('/capacity/groups/{id}/history', group), at('/capacity/comments/{word}/{id}', 'group', group),
  at('/capacity/offers'), at('/capacity/offers/new'), at('/capacity/offers/new', `?group=${group}`),
  answer('wrong', at('/capacity/offers/new', `?group=${group}`), wrong({ '#process': '注塑' })),
  at('/capacity/offers/new/slots', `?group=${group}`), at('/capacity/offers/{id}', own), at('/capacity/offers/{id}/withdraw', own),
  at('/capacity/reservations'), at('/capacity/reservations/{id}/borrow', lent), at('/capacity/requests'),
  at('/capacity/profile'), at('/capacity/profile/edit'), at('/capacity/profile/process'), at('/capacity/profile/process', '?at=0'),
  at('/capacity/profile/process/remove', '?at=0'),
  answer('wrong', at('/capacity/profile/process'), wrong({ '#process': '吹塑', '#tonnage': 'big' })),
];

const supplierResources = ({ resources: { own, closed, before, after } }) => [
  at('/resources'), at('/resources/mine'), at('/resources/following'), at('/resources/follow'), at('/resources/waiting'),
  at('/resources/{id}', own), at('/resources/{id}/request', closed), answer('wrong', at('/resources/{id}/request', closed), wrong()),
  at('/resources/revisions/{id}/acknowledge', after), at('/resources/compare', `?before=${before}&after=${after}`),
];

const customerOrders = ({ orders: { asked: { id: asked }, accepted, proposed, held, document }, tables }) => [
  at('/purchases'), at('/purchases', '?state=accepted'), at('/purchases', '?state=unanswered'), at('/purchases/new'),
  answer('wrong', at('/purchases/new'), wrong({}, '#new-order .actions button')),
  at('/purchases/sheets'), at('/purchases/sheets', '?state=accepted'),
  answer('none', at('/purchases/sheets'), wrong({ '#file': tables.none }, '#sheet .actions button')),
  answer('preview', at('/purchases/sheets'), step({ '#file': tables.changes }, '#sheet .actions button', '#send')),
  answer('red', at('/purchases/sheets'), step({ '#file': tables.wrong }, '#sheet .actions button', '.done, .errors')),
  at('/purchases/sheets/new'), answer('none', at('/purchases/sheets/new'), wrong({ '#file': tables.none }, '#sheet .actions button')),
  answer('preview', at('/purchases/sheets/new'), step({ '#file': tables.orders }, '#sheet .actions button', '#send')),
  at('/proposals'), at('/orders/{id}', proposed), at('/orders/{id}', asked), at('/at-risk', '?days=30'), at('/reminders'),
  at('/orders/{id}/revise', asked), answer('review', at('/orders/{id}/revise', asked),
    step({ '#q-0': '19000' }, '#revise .actions button', '#review')),
  at('/orders/{id}/cancel', asked), answer('wrong', at('/orders/{id}/cancel', asked), wrong({}, '#ending .actions button')),
  at('/orders/{id}/hold', asked), answer('wrong', at('/orders/{id}/hold', asked), wrong({}, '#hold .actions button')),
  at('/orders/{id}', held), at('/orders/{id}/release', held), at('/orders/{id}/close', accepted),
  at('/orders/{id}/remind', asked), answer('done', at('/orders/{id}/remind', asked), step({}, 'main form .actions button', '.done')),
  at('/orders/{id}/share', asked), at('/orders/{id}/share', document.order),
];

const customerFirm = ({ firms: { member, partner, cluster, channel, webhook } }) => [
  at('/partners'), at('/partners/{id}', partner), at('/partners/{id}/score/{figure}', partner, 'answered'),
  at('/partners/{id}/score/{figure}', partner, 'decided'), at('/partners/invite'), answer('wrong', at('/partners/invite'), wrong()),
  at('/partners/invite/list'), at('/members'), at('/members/new'), at('/members/{id}', member),
  answer('link', at('/members'), step({}, `[id="row-${member}"] form button`, '#link')),
  at('/sites'), at('/sites/new'), answer('wrong', at('/sites/new'), wrong()),
  at('/purchasing-groups'), at('/purchasing-groups/new'), at('/purchasing-groups/delete', '?code=C1&name=C1'),
  answer('wrong', at('/purchasing-groups/new'), wrong()),
  at('/aliases'), at('/aliases/new'), at('/aliases/list'),
  at('/clusters'), at('/clusters/{id}/join', cluster), at('/clusters/{id}/leave', cluster), at('/platform-actions'),
  at('/settings'), at('/terms'), at('/calendar', '?from=2026-12-30&days=3'), at('/channels'), at('/channels/new'), at('/channels/{id}', channel),
  answer('wrong', at('/channels/new'),
    wrong({ '#medium-2': true, '#name': 'A', '#address': 'https://evil.example/send?key=x' }, 'main form .actions button')),
  at('/keys'), answer('wrong', at('/keys'), wrong({}, 'form[action="/keys"] .actions button')),
  answer('shown', at('/keys'), step({ '#name': 'ERP', '#role-2': true }, 'form[action="/keys"] .actions button', '#key')),
  at('/webhooks'), at('/webhooks/new'), at('/webhooks/{id}', webhook), at('/webhooks/{id}/{act}', webhook, 'replay'),
  at('/webhooks/{id}/{act}', webhook, 'rotate'), at('/webhooks/{id}/{act}', webhook, 'delete'),
  answer('wrong', at('/webhooks/new'), wrong({ '#name': 'ERP', '#url': 'https://10.0.0.1/hook' }, 'main form .actions button')),
  answer('secret', at('/webhooks/new'),
    step({ '#name': 'ERP', '#url': 'http://127.0.0.1:9/hook' }, 'main form .actions button', '#secret')),
];

const customerCapacity = ({ capacity: { demand, comment, offer, reservation, need, match } }) => [
  at('/capacity'), at('/capacity/demand'), at('/capacity/demand/new'), at('/capacity/demand/{id}/history', demand),
  at('/capacity/groups/new'), answer('wrong', at('/capacity/groups/new'), wrong({}, '#setup .actions button')),
  at('/capacity/comments/{word}/{id}', 'demand', demand), at('/capacity/comments/{word}/{id}/new', 'demand', demand),
  at('/capacity/comments/{word}/{id}/delete/{comment}', 'demand', demand, comment),
  answer('wrong', at('/capacity/comments/{word}/{id}/new', 'demand', demand), wrong()),
  at('/capacity/offers'), at('/capacity/offers/{id}', offer), at('/capacity/offers/{id}/hold', offer),
  answer('wrong', at('/capacity/offers/{id}/hold', offer), wrong()),
  at('/capacity/reservations'), at('/capacity/reservations/{id}/release', reservation), at('/capacity/reservations/{id}/order', reservation),
  at('/capacity/requests'), at('/capacity/requests/new'), at('/capacity/requests/{id}', need), at('/capacity/requests/{id}/change', need),
  at('/capacity/requests/{id}/close', need),
  at('/capacity/requests/{id}/propose', need, `?offer=${offer}`), at('/capacity/matches/{id}/{step}', match, 'accept'),
  at('/capacity/matches/{id}/{step}', match, 'decline'),
  answer('wrong', at('/capacity/requests/new'), wrong({ '#process': '注塑', '#materials': 'PP，ABS', '#quantity': 'many',
    '#first': inDays(35), '#last': inDays(42) })),
];

const customerResources = ({ resources: { own, after, draft, entitlement } }) => [
  at('/search', '?q=%E9%A1%BA%E6%A8%A1'), at('/resources/own'), at('/resources/new'), at('/resources/entitlements'), at('/resources/access'),
  answer('wrong', at('/resources/new'), wrong({ '#name': '图纸', '#to-granted': true, '#open-yes': true })),
  at('/resources/{id}', own), at('/resources/{id}/change', own), at('/resources/{id}/withdraw', own), at('/resources/{id}/revise', own),
  at('/resources/{id}/grant', own), at('/resources/revisions/{id}/files', draft), at('/resources/revisions/{id}/release', draft),
  at('/resources/revisions/{id}/withdraw', after), at('/resources/entitlements/{id}/{step}', entitlement, 'grant'),
  at('/resources/entitlements/{id}/{step}', entitlement, 'refuse'),
];

const engineer = ({ resources: { bracket } }) => [
  at('/resources/own'), at('/resources/revisions/{id}/impact', bracket), at('/resources/revisions/{id}/apply', bracket),
  at('/resources/revisions/{id}/acknowledgements', bracket), at('/resources/policy'),
  answer('wrong', at('/resources/policy'), wrong({ '#retention': '4000' })),
  at('/resources/entitlements'), at('/resources/access'), at('/clusters'),
];

const operating = ({ firms: { cluster, announcement } }) => [
  at('/operator/firms'), at('/operator/firms/new'), answer('wrong', at('/operator/firms/new'), wrong()),
  at('/operator/firms/{id}', shunmo.firm),
  ...['verify', 'unverify', 'suspend', 'reinstate', 'merge', 'reset-admin', 'cluster']
    .map((act) => at('/operator/firms/{id}/{act}', shunmo.firm, act)),
  answer('wrong', at('/operator/firms/{id}/{act}', shunmo.firm, 'verify'), wrong()),
  at('/operator/actions'), at('/operator/webhooks'), at('/operator/notices'), at('/operator/announcements'), at('/operator/announcements/new'),
  at('/operator/announcements/{id}', announcement),
  answer('wrong', at('/operator/announcements/new'), step({ '[name=zh]': '新版手册' }, '#ask .actions button', '[aria-invalid=true]')),
  at('/clusters'), at('/clusters/new'), at('/clusters/{id}', cluster),
];

/** Pages of one person, each under a name that no other has. */
function apart(pages) {
  const seen = new Map();
  return pages.map((page) => {
    const before = seen.get(page.name) || 0;
    seen.set(page.name, before + 1);
    return before ? { ...page, name: `${page.name}-${before + 1}` } : page;
  });
}

/** All pages, by who looks at them. */
export async function places() {
  const made = await make();
  const parts = {
    visitor: [visitor], supplier: [supplierOrders, supplierCapacity, supplierResources],
    customer: [customerOrders, customerFirm, customerCapacity, customerResources], engineer: [engineer], operator: [operating],
  };
  return Object.fromEntries(Object.entries(parts).map(([who, tables]) => [who, apart(tables.flatMap((table) => table(made)))]));
}

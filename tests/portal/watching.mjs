// What buyers look at and suppliers work off: the orders of one's own purchasing group, thirty reminders in one go and what
// became of them, and the inbox of several customers by deadline. Without scripts, and the first with them, too.

import { enter, equal, inDays, measured, ok, portal, sandbox, says, test, until, visit, ways } from './browser.mjs';
import { call, linyi } from './requests.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu, mumian, yuanzhang] } = sandbox;
const desk = { width: 1280, height: 800 };
const stamp = Date.now().toString(36).toUpperCase();
/** What scripts add to a form or a list is the same on each page: one test has it with them, the others go without. */
const plain = { javaScriptEnabled: false };
/** As many as are reminded in one go. */
const MANY = 30;

/** Publishes an order that is wanted in so many days; answers its id. */
async function order(buyer, supplier, orderNumber, { purchasingGroup = '', days = 35 } = {}) {
  const [year, month, day] = inDays(days).split('-').map(Number);
  const date = { year, month, day };
  const content = {
    sourceSystem: 'erp', orderNumber, orderType: 'ORDER_TYPE_STANDALONE', currency: 'CNY', priceIncludesTax: false, purchasingGroup,
    lines: [{ lineNumber: '10', item: { name: '周转箱' }, quantity: { value: '500' }, unitCode: 'H87', price: { amount: { value: '1.20' } },
      scheduleLines: [{ scheduleLineNumber: '1', quantity: { value: '500' }, requestedDelivery: { from: date, until: date } }] }],
  };
  const { orderId } = await call(buyer, 'OrderService/PublishOrder', { content, supplier: { firmId: supplier.firm } }, 'orders');
  return orderId;
}

/** The purchasing groups of the orders that a list shows, each once. */
const groupsOf = async (page) => [...new Set(await page.locator('#orders .partner .sub').allInnerTexts())];

async function own(options) {
  const mark = `G${stamp}${options.javaScriptEnabled ? 'A' : 'B'}`;
  const [mine, theirs] = [`${mark}2`, `${mark}1`];
  await order(chengyu, shunmo, mine, { purchasingGroup: '采购二组' });
  const elsewhere = await order(chengyu, shunmo, theirs, { purchasingGroup: '采购一组' });
  const shows = async (page, number) => (await page.locator(`#orders a:text-is("${number}")`).count()) === 1;
  let link;
  await visit(chengyu, options, async (page) => {
    await page.goto(`${portal}/purchases`);
    ok(await shows(page, mine) && await shows(page, theirs), 'who is narrowed to nothing sees both');
    await page.fill('#group', '采购二组');
    await Promise.all([page.waitForNavigation(), page.click('main form.search button')]);
    equal(new URL(page.url()).searchParams.get('group'), '采购二组', 'a group is an address');
    equal(await groupsOf(page), ['采购二组'], 'and one group is shown');
    ok(await shows(page, mine) && !await shows(page, theirs), 'with its orders alone');
    await page.goto(`${portal}/members`);
    await page.click('tr:has-text("李强") button');
    link = await page.inputValue('#link');
  });
  await enter(link, options, async (page) => {
    await page.goto(`${portal}/purchases`);
    await says(page, '我的采购组：采购二组');
    equal(await groupsOf(page), ['采购二组'], 'the list is the member’s own without being asked');
    ok(await shows(page, mine) && !await shows(page, theirs), 'nothing else is in it');
    await page.goto(`${portal}/purchases?group=采购一组`);
    equal(await page.locator('#orders tbody tr').count(), 0, 'nor is there any of another group');
    equal((await page.goto(`${portal}/orders/${elsewhere}`)).status(), 404, 'which is not there at its address either');
  });
}

async function remindingMany() {
  const mark = `R${stamp}`;
  const numbers = Array.from({ length: MANY }, (_, at) => `${mark}${at + 10}`);
  for (let at = 0; at < MANY; at += 10) {
    await Promise.all(numbers.slice(at, at + 10).map((number, next) => order(chengyu, next % 2 ? linyi : shunmo, number)));
  }
  await visit(chengyu, plain, async (page) => {
    await page.goto(`${portal}/purchases?state=unanswered&q=${mark}`);
    await page.click('.choose-all a');
    await page.waitForURL(/choose=all/);
    equal(await page.locator('[name=order]:checked').count(), MANY, 'all of them are chosen');
    await page.fill('#message', '请今天答复 <b>');
    await page.click('button:text-is("催办所选")');
    await says(page, `已催办 ${MANY} 张订单`);
    const reminded = await page.locator('.rows li .tag:text-is("已发送")').count();
    measured('reminded-together', reminded, 'orders');
    equal(reminded, MANY, 'with a result for each');
  });
  const opened = await visit(shunmo, plain, async (page) => {
    await page.goto(`${portal}/inbox?q=${mark}`);
    equal(await page.locator('.nudge:has-text("请今天答复 <b>")').count(), MANY / 2, 'one of the suppliers has them before its eyes');
    const first = page.locator('#orders a.cover').first();
    const number = await first.innerText();
    await first.click();
    await page.waitForURL(/\/orders\//);
    return number;
  });
  await visit(chengyu, plain, async (page) => {
    const rows = page.locator('#orders tbody tr', { hasText: mark });
    // That they were looked at is written after the page was answered.
    await until('opened, delivered, and not yet looked at', async () => {
      await page.goto(`${portal}/reminders`);
      const states = await rows.locator('.tag').allInnerTexts();
      const counts = ['已查看', '已送达', '已发送'].map((state) => states.filter((one) => one === state).length);
      return counts.join() === [1, MANY / 2 - 1, MANY / 2].join();
    });
    const row = await rows.filter({ hasText: opened }).innerText();
    ok(row.includes('已查看') && row.includes(shunmo.person), `and by whom: ${row}`);
    await page.goto(`${portal}/reminders?state=delivered`);
    equal(await rows.count(), MANY / 2 - 1, 'those that were delivered are a list');
  });
}

/** The rows of a list on all its pages, by number and the day on which the answer is due, but those whose time stands still. */
async function listed(page, path) {
  const rows = [];
  for (let next = path; next;) {
    await page.goto(portal + next);
    rows.push(...await page.locator('#orders tbody tr').evaluateAll((all) => all.map((one) => {
      const due = one.querySelectorAll('td')[1].textContent;
      const day = /(\d+)年(\d+)月(\d+)日/.exec(due);
      const number = one.querySelector('a.cover').textContent;
      return { number, day: day && Date.UTC(day[1], day[2] - 1, day[3]), still: due.includes('暂停计时') };
    })));
    const link = page.locator('.pages a[rel=next]');
    next = (await link.count()) ? await link.getAttribute('href') : '';
  }
  return rows.filter((row) => !row.still);
}

async function dated() {
  const mark = `D${stamp}`;
  // Who wants an answer first wants the goods last, and asked before the others.
  const asked = [[mumian, 50], [chengyu, 40], [yuanzhang, 30]];
  for (const [customer, days] of asked) await order(customer, shunmo, `${mark}${customer.id}`, { days });
  await visit(shunmo, { ...plain, viewport: desk }, async (page) => {
    const rows = await listed(page, '/inbox');
    const days = rows.map((row) => row.day || Infinity);
    equal(days, [...days].sort((one, other) => one - other), 'the earliest deadline first, over all customers and pages');
    const ours = rows.filter((row) => row.number.startsWith(mark));
    equal(ours.length, asked.length, 'each order is in the list');
    const at = (customer) => rows.findIndex((row) => row.number === `${mark}${customer.id}`);
    ok(at(mumian) < at(yuanzhang) && at(mumian) < at(chengyu), `the shortest term stands in front: ${JSON.stringify(ours)}`);
    ok(new Set(ours.map((row) => row.day)).size > 1, 'and the terms differ');
  });
}

export async function watching() {
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    const options = { javaScriptEnabled };
    await test(`orders are narrowed to a purchasing group, and to a member’s own, ${how}`, () => own({ ...options, viewport: desk }));
  }
  await test('thirty orders are reminded of at once, and what was delivered and opened is told', remindingMany);
  await test('the inbox stands by deadline, whoever the customer is', dated);
}

// Capacity: the map of weeks and groups, where a bottleneck comes from, filling weeks in by hand and from a spreadsheet, and
// what can be promised before an order is answered. With scripts and without.

import { equal, long, measured, ok, open, portal, publish, sandbox, says, test, until, visit, ways } from './browser.mjs';
import { sheets, sideways, small, unprintable, violations } from './pages.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;
const yuanzhang = sandbox.anchors.find((one) => one.id === 'A3');
const desk = { width: 1440, height: 900 };
/** How long each press takes someone who types with two fingers, in milliseconds. */
const PRESS = 400;

/** A call of the API in JSON. */
async function call(firm, method, body) {
  const answer = await fetch(`${sandbox.api}/tandem.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${firm.key}` },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method}: ${text}`);
  return JSON.parse(text);
}

let asked = 0;
const once = () => `capacity-${process.pid}-${++asked}`;

/** The Monday that is so many weeks away from this week's, as addresses have it. */
export function monday(weeks) {
  const day = new Date(Date.now() + 8 * 3_600_000);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7) + 7 * weeks);
  return day.toISOString().slice(0, 10);
}

const wire = (text) => {
  const [year, month, day] = text.split('-').map(Number);
  return { year, month, day };
};

/** The seeded groups of the first supplier by the code that their names begin with. */
async function groups() {
  const { groups: all } = await call(shunmo, 'capacity.v1.CapacityGroupService/ListCapacityGroups', { pageSize: 100 });
  return Object.fromEntries(all.map((one) => [one.name.split(' ')[0], one.id]));
}

const group = (groupId) => call(shunmo, 'capacity.v1.CapacityGroupService/GetCapacityGroup', { groupId });

/** Planned hours of a group's week; null where it is unknown. */
async function planned(groupId, week) {
  const { content } = await group(groupId);
  const found = (content.weeks || []).find((one) => JSON.stringify(one.monday) === JSON.stringify(wire(week)));
  return found ? Number(found.actualCapacity.value) / 3600 : null;
}

/** A cell of the form: row and week, from 0. */
const cell = (row, week) => `#c-${row}-${week}`;

/** Number of the row whose name begins so. */
async function rowOf(page, name) {
  const id = await page.locator('table.filled tbody tr', { hasText: name }).first().getAttribute('id');
  return Number(id.slice(4));
}

async function save(page, how = {}) {
  await Promise.all([page.waitForURL(/done=saved/), page.locator('.save button').click(how)]);
}

/** A page that nothing else opens, as every page has to be; axe needs scripts. */
async function sound(page, javaScriptEnabled, what) {
  if (!javaScriptEnabled) return;
  equal([await violations(page), await sideways(page), await small(page)], [[], [], []], what);
}

async function looking(options) {
  const english = options.locale === 'en-GB';
  await visit(shunmo, options, async (page, context) => {
    await page.goto(`${portal}/inbox`);
    await page.click(`nav.work a:text-is("${english ? 'Capacity' : '产能'}")`);
    const row = page.locator('table.heat tbody tr', { hasText: 'S1-G3' });
    equal(await row.locator('td').count(), 12, 'twelve weeks');
    const red = row.locator('td').nth(5);
    equal((await red.locator('.shown b').innerText()).replace(/\s+/g, ' '), '250 ✕', 'the number, and a sign beside the colour');
    ok((await red.locator('.unseen').textContent()).includes(english ? 'Over maximum' : '超出最大产能'), 'and a word for those who hear it');
    ok((await row.locator('td').nth(4).locator('.sign').innerText()) === '▲', 'orange is another sign than red');
    await red.locator('a').click();
    await page.waitForURL(/\/capacity\/groups\//);
    await says(page, english ? '10 h over the maximum' : '超出最大产能 10 小时');
    const source = page.locator('table.sources tbody tr', { hasText: 'CY-BX-0450' });
    const told = await source.innerText();
    ok(told.includes('澄屿') && told.includes('20,000'), `the customer and its forecast: ${told}`);
    ok((await page.locator('.chart desc').textContent()).length > 5, 'the picture in words');
    await page.goto(`${portal}/capacity`);
    const list = await (await context.request.get(portal + await page.getAttribute('a[href*="/capacity/export"][href*=csv]', 'href'))).text();
    const saved = list.split('\r\n').find((line) => line.startsWith('S1-G3') && line.includes(',250,')) || '';
    ok(saved.includes(english ? 'Over maximum' : '超出最大产能'), `the same week as a row of a list: ${saved}`);
    await page.click(`.turn a[rel=next]`);
    equal(await page.locator('table.heat thead .now').count(), 0, 'this week is on another page');
    await page.click(`.turn a:text-is("${english ? 'From this week' : '本周起'}")`);
    equal(await page.locator('table.heat thead .now').count(), 1, 'and back');
  });
}

/** What anchors see of the red week in the groups that name them: a step of a quarter, and figures. */
async function disclosed() {
  for (const [firm, name, told] of [[chengyu, 'S1-G3', /^>100% ✕$/], [yuanzhang, 'S1-A3', /^83/]]) {
    await visit(firm, { viewport: desk }, async (page) => {
      await page.goto(`${portal}/capacity`);
      const week = page.locator('table.heat tbody tr', { hasText: name }).locator('td').nth(5);
      const shown = (await week.locator('.shown b').innerText()).replace(/\s+/g, ' ');
      ok(told.test(shown), `${firm.id} sees ${shown}`);
    });
  }
}

async function printing() {
  await visit(shunmo, { javaScriptEnabled: false, viewport: { width: 718, height: 1000 } }, async (page) => {
    await page.goto(`${portal}/capacity`);
    await page.emulateMedia({ media: 'print' });
    equal(await unprintable(page), [], 'nothing of the screen is on the sheet');
    equal([await page.innerText('h1'), await sideways(page)], ['产能', []], 'twelve weeks fit the sheet');
    const cells = page.locator('table.heat tbody tr', { hasText: 'S1-G3' }).locator('td');
    equal((await cells.nth(5).locator('.shown b').innerText()).replace(/\s+/g, ' '), '250 ✕', 'a sign says what colour says');
    const tops = await cells.evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().top)));
    equal([tops.length, new Set(tops).size], [12, 1], 'its weeks stand beside each other');
    equal(await page.locator('table.heat thead').first().evaluate((head) => getComputedStyle(head).display), 'table-header-group', 'and keep their heads on each sheet');
    equal([...new Set(await sheets(page))], ['210 × 297'], 'which is A4');
  });
}

/**
 * Fills 36 empty cells as a person does: a figure, on to the next. Where there is time each press takes as long as a person's,
 * and what it all took is measured; else what a person would need is reckoned from the presses.
 */
async function typing() {
  const from = monday(30);
  const how = { delay: long ? PRESS : 18 };
  await visit(shunmo, { viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity/edit?from=${from}`);
    const cells = await page.locator('[data-cell]').count();
    ok(cells >= 36, `${cells} cells`);
    const began = Date.now();
    let presses = 1;
    await page.click(cell(0, 0), how);
    for (let row = 0; row < 3; row += 1) {
      if (row) { await page.click(cell(row, 0), how); presses += 1; }
      for (let week = 0; week < 12; week += 1) {
        const figure = `${200 + 10 * row + week}`;
        await page.keyboard.type(figure, how);
        await page.keyboard.press('Tab', how);
        presses += figure.length + 1;
      }
    }
    await save(page, how);
    presses += 1;
    const seconds = (Date.now() - began) / 1000;
    measured('36-cells', presses, 'presses');
    if (long) {
      measured('36-cells-by-hand', seconds, 's');
      ok(seconds <= 120, `within two minutes by hand: ${seconds} s`);
    } else {
      const reckoned = (presses * PRESS) / 1000;
      measured('36-cells-reckoned', reckoned, 's');
      measured('36-cells-here', seconds, 's');
      ok(reckoned <= 120 && seconds <= 15, `within two minutes by hand: ${reckoned} s, and ${seconds} s here`);
    }
    equal(await page.locator('table.heat tbody tr').first().locator('td').nth(11).locator('.most').innerText(), '/ 211', 'the last of the first row');
  });
}

/** Pastes into a cell as a spreadsheet does. */
const pasteInto = (page, selector, text) => page.locator(selector).evaluate((field, data) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text', data);
  field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}, text);

async function pasting(javaScriptEnabled) {
  const from = monday(javaScriptEnabled ? 44 : 58);
  const { 'S1-G1': first, 'S1-G2': second } = await groups();
  await visit(shunmo, { javaScriptEnabled, viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity/edit?from=${from}`);
    const [one, two] = [await rowOf(page, 'S1-G1'), await rowOf(page, 'S1-G2')];
    if (javaScriptEnabled) {
      equal(two, one + 1, 'one below the other');
      await pasteInto(page, cell(one, 1), '816\t408/480\r\n612\t306\r\n');
      equal(await page.inputValue(cell(two, 2)), '306', 'right and down');
      await page.focus(cell(one, 1));
      await page.keyboard.press('Enter');
      equal(await page.evaluate(() => document.activeElement.id), cell(two, 1).slice(1), 'Enter goes down');
    } else {
      await page.click('summary:has-text("从 Excel 粘贴")');
      await page.fill('#pasted', '产能组\t一\t二\nS1-G2\t\t612\t306\nS1-G1\t\t816\t408/480\nS9\t\t1\n');
      await page.click('button[value=paste]');
      await says(page, 'S9');
      equal(await page.inputValue(cell(two, 2)), '306', 'by name, in any order');
      equal(await planned(first, monday(59)), null, 'nothing is saved yet');
    }
    await page.fill(cell(one, 5), 'many');
    await page.locator('.save button').click();
    await page.locator('.errors').waitFor();
    equal([await page.inputValue(cell(one, 5)), await page.inputValue(cell(two, 2))], ['many', '306'], 'what was typed is kept');
    await page.fill(cell(one, 5), '');
    await page.fill(cell(two, 5), '99');
    await page.locator(`button[data-right="${two}"]`).click();
    if (!javaScriptEnabled) await page.locator('.notice').waitFor();
    equal(await page.inputValue(cell(two, 11)), '612', 'the first figure goes right');
    await page.click('summary:has-text("按班次快速填写")');
    await page.selectOption('#quick-row', { value: `${one}` });
    await page.fill('#machines', '8');
    await page.click('button[value=fill]');
    await page.locator('.notice').waitFor();
    equal(await page.inputValue(cell(one, 0)), '816/960', 'machines × shifts × hours × days × efficiency');
    equal(await page.inputValue(cell(two, 11)), '612', 'the rest is kept');
    await save(page);
    const week = Number(new URL(page.url()).searchParams.get('from') === from);
    equal([week, await planned(first, from), await planned(second, from)], [1, 816, null], 'it is saved');
  });
}

/** Two people fill in the same group; what one typed is kept. */
async function colliding(javaScriptEnabled) {
  const from = monday(javaScriptEnabled ? 72 : 86);
  const { 'S1-G3': id } = await groups();
  await visit(shunmo, { javaScriptEnabled, viewport: desk }, async (page, context) => {
    await page.goto(`${portal}/capacity/edit?from=${from}`);
    const row = await rowOf(page, 'S1-G3');
    await page.fill(cell(row, 0), '150');
    await page.fill(cell(row, 1), '160');
    const { version } = await group(id);
    const hours = (text) => ({ value: `${Number(text) * 3600}` });
    const weeks = [{ monday: wire(from), actualCapacity: hours(100), maximumCapacity: hours(120) }];
    await call(shunmo, 'capacity.v1.CapacityGroupService/UpdateCapacityWeeks', { requestId: once(), groupId: id, version, weeks });
    await page.locator('.save button').click();
    await page.locator('.errors').waitFor();
    equal([await page.inputValue(cell(row, 0)), await page.inputValue(cell(row, 1))], ['150', '160'], 'what was typed is kept');
    await says(page, '现为 100');
    await sound(page, javaScriptEnabled, 'a table that came back');
    const form = await page.evaluate(() => Object.fromEntries(new FormData(document.querySelector('#grid'))));
    const action = await page.getAttribute('#grid', 'action');
    await save(page);
    equal([await planned(id, from), await planned(id, monday(javaScriptEnabled ? 73 : 87))], [150, 160], 'it is saved at the second time');
    const after = (await group(id)).version;
    const again = await context.request.post(portal + action, { form, headers: { origin: portal }, maxRedirects: 0 });
    equal(again.status(), 303, 'the same form sent again is answered the same');
    equal((await group(id)).version, after, 'and changes nothing');
  });
}

async function demanding(javaScriptEnabled) {
  const from = monday(javaScriptEnabled ? 32 : 46);
  await visit(chengyu, { javaScriptEnabled, viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity/demand?from=${from}`);
    const row = await rowOf(page, 'CY-LD-0450');
    await page.fill(cell(row, 0), 'x');
    await page.locator('.save button').click();
    await page.locator('.errors').waitFor();
    await page.fill(cell(row, 0), '12,000');
    await page.locator(`button[data-right="${row}"]`).click();
    if (!javaScriptEnabled) await page.locator('.notice').waitFor();
    await page.fill(cell(row, 11), '');
    await save(page);
    equal([await page.inputValue(cell(row, 10)), await page.inputValue(cell(row, 11))], ['12000', ''], 'a cleared week is unknown');
  });
  await visit(shunmo, { javaScriptEnabled, viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity/demand?from=${from}`);
    const row = page.locator('table.filled tbody tr', { hasText: 'CY-LD-0450' });
    equal(await row.locator('td').first().locator('.in').innerText(), '12,000', 'its supplier reads it');
    equal(await page.locator('[data-cell]').count(), 0, 'and only reads');
  });
}

/** Bounds of demand that moves, and the history of a group and of a demand. */
async function bounding(javaScriptEnabled) {
  const { 'S1-G3': id } = await groups();
  const more = javaScriptEnabled ? '30' : '35';
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/capacity/groups/${id}`);
    await page.click('a:text-is("需求变动提醒")');
    await page.fill('#p0-less', '101');
    await page.fill('#p1-more', more);
    await page.click('main form button:text-is("保存")');
    await page.locator('.errors a[href="#p0-less"]').waitFor();
    equal(await page.inputValue('#p1-more'), more, 'what was typed is kept');
    await page.fill('#p0-less', '20');
    await sound(page, javaScriptEnabled, 'bounds');
    await Promise.all([page.waitForURL(/done=saved/), page.click('main form button:text-is("保存")')]);
    equal((await group(id)).content.volatility.thresholds[1].relativePositive.value, `0.${more}`.replace(/0$/, ''), 'it is kept');
    await page.click('a:text-is("修订记录")');
    await says(page, '需求变动的测量有变');
  });
  await visit(chengyu, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/capacity/demand`);
    await page.locator('.tasks li', { hasText: 'CY-LD-0450' }).getByRole('link', { name: '修订记录' }).click();
    await says(page, '首次建立');
    ok(/→ 12,000/.test(await page.locator('tbody').innerText()), 'which weeks differ');
    await sound(page, javaScriptEnabled, 'the history of a demand');
  });
}

async function promising(javaScriptEnabled) {
  const due = monday(17);
  const quantity = '30000';
  const content = {
    sourceSystem: 'erp', orderNumber: `T-CTP-${once()}`, orderType: 'ORDER_TYPE_STANDALONE', currency: 'CNY', priceIncludesTax: false,
    lines: [{ lineNumber: '10', item: { name: '45L 收纳箱 箱体', buyerItemId: 'CY-BX-0450' }, quantity: { value: quantity }, unitCode: 'H87',
      price: { amount: { value: '6.85' } },
      scheduleLines: [{ scheduleLineNumber: '1', quantity: { value: quantity }, shipToSite: 'CY01', requestedDelivery: { from: wire(due), until: wire(due) } }] }],
  };
  const { orderId } = await call(chengyu, 'orders.v1.OrderService/PublishOrder', { requestId: once(), content, supplier: { firmId: shunmo.firm } });
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/orders/${orderId}`);
    const panel = page.locator('.promise');
    ok(/S1-G3.*超出最大产能/s.test(await panel.innerText()), 'which week would turn red');
    await sound(page, javaScriptEnabled, 'an order with what can be promised');
    await panel.locator('a').click();
    equal(await page.inputValue('#q-0'), '19200', '240 hours of 45 seconds a piece');
    equal(await page.inputValue('#q2-0'), '10800', 'and the rest a week later');
    ok(await page.isChecked('#rest-0'), 'as a later delivery');
    await page.click('button:text-is("提交答复")');
    await says(page, '答复已送达');
    // Kilograms of what is counted by the piece: said so, since silence would read as room.
    await open(page, publish({ lines: 1, quantity: '120', item: () => 'CY-BX-0450', unit: ['KGM', '千克'] }));
    const untried = await panel.innerText();
    ok(untried.includes('未试算') && untried.includes('按“千克”计'), `what does not convert is said: ${untried}`);
    await sound(page, javaScriptEnabled, 'an order whose unit does not convert');
  });
  await visit(chengyu, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/orders/${orderId}`);
    ok(!(await page.content()).includes('S1-G3') && !(await page.locator('.promise').count()), 'the buyer sees none of it');
  });
}

/** A group for one customer, made on its page; the customer sees it as its supplier discloses. */
async function disclosing(javaScriptEnabled) {
  const name = `专线 ${once()}`;
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/capacity/groups/new`);
    await page.click('.actions button');
    await page.locator('.errors').waitFor();
    await page.fill('#name', name);
    await page.selectOption('#customer', { value: chengyu.firm });
    const factor = page.locator('tr', { hasText: 'CY-BX-0450' }).locator('input[inputmode]');
    await factor.fill('45');
    await Promise.all([page.waitForURL(/done=saved/), page.click('.asked-for .actions button')]);
    await says(page, name);
  });
  await visit(chengyu, { javaScriptEnabled, viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity`);
    const row = page.locator('table.heat tbody tr', { hasText: name });
    equal(await row.count(), 1, 'the customer sees the group that names it');
    ok(!/\d{3}/.test(await row.locator('.shown').first().innerText()), 'and no figure of it: the policy is bands');
    ok(!(await page.content()).includes('S1-G1'), 'and none that names nobody');
    await row.locator('th a').click();
    await says(page, '按四分之一分档');
    await sound(page, javaScriptEnabled, 'a group of a supplier');
  });
  const disclose = (level) => visit(shunmo, { javaScriptEnabled }, async (page) => {
    await page.goto(`${portal}/capacity`);
    await page.click('nav.filters a:text-is("对外披露")');
    const row = page.locator('table tbody tr', { hasText: '澄屿' });
    await row.locator('a').click();
    await page.locator('label', { hasText: level }).first().click();
    await Promise.all([page.waitForURL(/done=saved/), page.click('.actions button')]);
    ok((await row.innerText()).includes(level), `what the customer sees is set: ${await row.innerText()}`);
  });
  const shown = async () => {
    let count;
    await visit(chengyu, { javaScriptEnabled, viewport: desk }, async (page) => {
      await page.goto(`${portal}/capacity`);
      count = await page.locator('table.heat tbody tr', { hasText: name }).count();
    });
    return count;
  };
  await disclose('不披露');
  equal(await shown(), 0, 'the customer does not see that there is a group');
  await disclose('按四分之一分档');
  equal(await shown(), 1, 'and sees it again');
  const { groups: all } = await call(shunmo, 'capacity.v1.CapacityGroupService/ListCapacityGroups', { pageSize: 100 });
  const made = all.find((one) => one.name === name);
  await call(shunmo, 'capacity.v1.CapacityGroupService/UpdateCapacityWeeks', { requestId: once(), groupId: made.id, version: made.version, inactive: true });
}

/** Demand that moved too far since it was measured, for both sides. */
async function moving() {
  const week = monday(6);
  const want = (quantity) => call(chengyu, 'capacity.v1.DemandService/UploadMaterialDemand', {
    requestId: once(), supplierId: shunmo.firm,
    content: { materialNumberCustomer: 'CY-MV-0001', materialDescriptionCustomer: '测量用外壳', unitCode: 'H87',
      series: [{ customerLocation: 'CY01', demandCategory: 'DEMAND_CATEGORY_DEFAULT', weeks: [{ monday: wire(week), quantity: { value: quantity } }] }] },
  });
  await want('1000');
  const threshold = { sequenceNumber: 1, subhorizonLengthWeeks: 12, relativePositive: { value: '0.2' } };
  const { id } = await call(shunmo, 'capacity.v1.CapacityGroupService/UploadCapacityGroup', {
    requestId: once(), customerId: chengyu.firm,
    content: { name: `测量机组 ${once()}`, unitCode: 'H87',
      weeks: [{ monday: wire(week), actualCapacity: { value: '5000' }, maximumCapacity: { value: '6000' } }],
      linkedDemand: [{ materialNumberCustomer: 'CY-MV-0001', customerLocation: 'CY01', demandCategory: 'DEMAND_CATEGORY_DEFAULT' }],
      // Must lie ahead when it arrives.
      volatility: { startAt: new Date(Date.now() + 4_000).toISOString(), measurementIntervalWeeks: 1, thresholds: [threshold] } },
  });
  await until('the demand is measured', async () => (await group(id)).demandMeasuredAt);
  await want('1300');
  await until('there is an alert', async () => (await group(id)).demandAlerts);
  // The customer sees steps of a quarter: which way it went, and no figure.
  for (const [firm, locale, told] of [
    [shunmo, 'zh-CN', '增加 30%'], [shunmo, 'en-GB', 'Up by 30%'],
    [chengyu, 'zh-CN', '增加超出设定范围'], [chengyu, 'en-GB', 'Up further than'],
  ]) {
    await visit(firm, { locale, viewport: { width: 320, height: 640 } }, async (page) => {
      for (const path of ['/capacity/demand', `/capacity/groups/${id}`]) {
        await page.goto(`${portal}${path}`);
        await says(page, told);
        await sound(page, true, `${path} in ${locale}`);
      }
    });
  }
  await visit(shunmo, { viewport: desk }, async (page) => {
    await page.goto(`${portal}/capacity/groups/${id}?week=${week}`);
    ok(/↑ 30%/.test(await page.locator('table.weeks tr.chosen').innerText()), 'the week is marked');
  });
  const { version } = await group(id);
  await call(shunmo, 'capacity.v1.CapacityGroupService/UpdateCapacityWeeks', { requestId: once(), groupId: id, version, inactive: true });
}

/** Five tonnes of a material that is wanted in kilograms, and pieces, which are none. */
async function weighing() {
  const [week, material] = [monday(7), `PE-${once()}`];
  const series = { customerLocation: 'CY01', demandCategory: 'DEMAND_CATEGORY_DEFAULT' };
  await call(chengyu, 'capacity.v1.DemandService/UploadMaterialDemand', {
    requestId: once(), supplierId: shunmo.firm,
    content: { materialNumberCustomer: material, materialDescriptionCustomer: 'PE 管材料', unitCode: 'KGM',
      series: [{ ...series, weeks: [{ monday: wire(week), quantity: { value: '1000' } }] }] },
  });
  const { id } = await call(shunmo, 'capacity.v1.CapacityGroupService/UploadCapacityGroup', {
    requestId: once(),
    content: { name: `挤出 ${material}`, unitCode: 'KGM',
      weeks: [{ monday: wire(week), actualCapacity: { value: '4000' }, maximumCapacity: { value: '6000' } }],
      linkedDemand: [{ ...series, customerId: chengyu.firm, materialNumberCustomer: material }] },
  });
  const line = (lineNumber, quantity, unitCode) => ({
    lineNumber, item: { name: 'PE 管材料', buyerItemId: material }, unitCode, price: { amount: { value: '6.85' } },
    scheduleLines: [{ scheduleLineNumber: '1', quantity: { value: quantity }, shipToSite: 'CY01', requestedDelivery: { from: wire(week), until: wire(week) } }],
  });
  const content = {
    sourceSystem: 'erp', orderNumber: `T-UNIT-${once()}`, orderType: 'ORDER_TYPE_STANDALONE', currency: 'CNY', priceIncludesTax: false,
    lines: [line('10', '5', 'TNE'), line('20', '7', 'H87')],
  };
  const { orderId } = await call(chengyu, 'orders.v1.OrderService/PublishOrder', { requestId: once(), content, supplier: { firmId: shunmo.firm } });
  await call(shunmo, 'orders.v1.OrderService/RespondToOrder', { requestId: once(), orderId, revision: 1, acceptAll: true });
  await until('the pieces are told', async () => (await group(id)).uncountedLines === 1);
  for (const [locale, told, apart, cell] of [
    ['zh-CN', '有 1 个交货计划行的单位不能换算', '单位不能换算，未计入', '1 行未计入'],
    ['en-GB', '1 schedule line of accepted orders is in a unit', 'another unit, not counted', '1 not counted'],
  ]) {
    const options = { locale, viewport: { width: 320, height: 640 } };
    await visit(shunmo, options, async (page) => {
      await page.goto(`${portal}/capacity/groups/${id}?week=${week}`);
      await says(page, told);
      const origin = await page.locator('.chosen').first().innerText();
      ok(/5,000/.test(origin) && origin.includes(apart), `tonnes are counted and pieces told apart: ${origin}`);
      await sound(page, true, `a group in ${locale}`);
      await page.goto(`${portal}/capacity`);
      const row = page.locator('table.heat tbody tr', { hasText: material });
      ok((await row.locator('td').nth(7).innerText()).includes(cell), 'the cell says it too');
      await sound(page, true, `the map in ${locale}`);
    });
    await visit(chengyu, options, async (page) => {
      await page.goto(`${portal}/capacity/demand`);
      await says(page, `${material}${locale === 'zh-CN' ? '：' : ': '}`);
      await says(page, told);
      await sound(page, true, `demand in ${locale}`);
    });
  }
  const { version } = await group(id);
  await call(shunmo, 'capacity.v1.CapacityGroupService/UpdateCapacityWeeks', { requestId: once(), groupId: id, version, inactive: true });
}

export async function capacity() {
  await test('the capacity map shows the red week and where it comes from, with scripts', () => looking({ viewport: desk }));
  await test('the capacity map shows the red week and where it comes from, without scripts', () => looking({ javaScriptEnabled: false, locale: 'en-GB' }));
  await test('the red week is shown to anchors as far as their policies go', disclosed);
  await test('36 cells of capacity are typed within two minutes', typing);
  await test('the capacity map is printed on A4, week beside week', printing);
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await test(`capacity is pasted, computed and copied, ${how}`, () => pasting(javaScriptEnabled));
    await test(`capacity that two people fill in keeps what was typed, ${how}`, () => colliding(javaScriptEnabled));
    await test(`a customer fills in its demand and the supplier reads it, ${how}`, () => demanding(javaScriptEnabled));
    await test(`bounds of demand are set, and its history is read, ${how}`, () => bounding(javaScriptEnabled));
    await test(`an order shows what capacity can promise, ${how}`, () => promising(javaScriptEnabled));
    await test(`a capacity group for a customer is made and disclosed, ${how}`, () => disclosing(javaScriptEnabled));
  }
  await test('orders in another unit are counted, or told where they cannot be', weighing);
  await test('demand that moved too far is told to both sides, as far as each may see it', moving);
}

// The supplier's side beside answering one order: trying an answer out, consent, progress, the thread, many orders at
// once, tables, deadlines and reminders. With scripts and without.

import { readFileSync } from 'node:fs';
import { equal, inDays, measured, ok, open, portal, publish, sandbox, says, test, visit, ways } from './browser.mjs';
import { sideways, small, violations } from './pages.mjs';

const [shunmo, hengmao] = sandbox.suppliers;
const { anchors: [chengyu, mumian] } = sandbox;

/** A call of the API in JSON; most of what the other side does needs no page. */
async function call(firm, method, body) {
  const answer = await fetch(`${sandbox.api}/tandem.orders.v1.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${firm.key}` },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method}: ${text}`);
  return JSON.parse(text);
}

let asked = 0;
const once = () => `supplying-${process.pid}-${++asked}`;
const state = (page) => page.locator('h1 .tag').innerText();

/** Asks for a change of what is frozen: a smaller quantity on the first line. */
async function askForLess(orderId) {
  const freeze = (days) => call(chengyu, 'TermsService/SetTerms', { requestId: once(), terms: { supplierId: shunmo.firm, frozenWorkingDays: days } });
  await freeze(250);
  const { content } = await call(chengyu, 'OrderService/GetOrder', { orderId });
  content.lines[0].quantity = { value: '18000' };
  content.lines[0].scheduleLines[0].quantity = { value: '18000' };
  await call(chengyu, 'OrderChangeService/ChangeOrder', { requestId: once(), orderId, content, note: '需求下降' });
  await freeze(0);
}

async function accept(page) {
  await page.click('a:text-is("全部接受")');
  await page.click('button:text-is("确认接受")');
  await says(page, '答复已送达');
}

/** A page as every page has to be: accessible, nothing sideways, targets for fingers. */
async function sound(page, what) {
  // A bar that stays in sight lies over the rows until one comes to their end.
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  equal(await violations(page), [], `${what}: axe`);
  equal(await sideways(page), [], `${what}: sideways`);
  equal(await small(page), [], `${what}: targets`);
}

async function trying(javaScriptEnabled) {
  const rule = { requestId: once(), supplierId: shunmo.firm, bounds: { lateDays: 3 } };
  const { id: ruleId } = await call(chengyu, 'ToleranceService/SetToleranceRule', rule);
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    const path = await open(page, publish({ lines: 1 }));
    await page.goto(`${portal}${path}/change`);
    const look = async () => {
      if (!javaScriptEnabled) await page.click('button:text-is("查看效果")');
    };
    await page.fill('#d-0', inDays(37));
    await look();
    await says(page, '晚 2 天，在容差 3 天以内（采购方对贵司的约定）');
    await says(page, '在容差内，立即生效');
    await page.fill('#d-0', inDays(45));
    await look();
    await says(page, '晚 10 天，超出容差 3 天');
    if (!javaScriptEnabled) await says(page, '1 行须由采购方确认');
    equal(await page.inputValue('#d-0'), inDays(45), 'what was typed is kept');
    await page.click('button:text-is("提交答复")');
    await says(page, '答复已送达');
    equal(await state(page), '待采购方确认', 'it waits for the buyer');
    await page.click('button:text-is("撤回提议")');
    await says(page, '提议已撤回');
    equal(await state(page), '待答复', 'it may be answered anew');
    await page.goto(`${portal}${path}/change`);
    await page.click('summary:text-is("改价或替代料（选填）")');
    await page.fill('#price-0', '7.10');
    await page.fill('#item-0', '收纳箱 灰色');
    await page.fill('#q-0', '19900');
    await page.check('[name=rest-0][value=short]');
    await page.click('button:text-is("提交答复")');
    await says(page, '答复已送达');
    await says(page, 'CNY 7.10 / 个');
    await says(page, '替代物料：收纳箱 灰色');
    await says(page, '19,900 个');
    await says(page, '替代料须由采购方确认');
  });
  await call(chengyu, 'ToleranceService/DeleteToleranceRule', { requestId: once(), ruleId });
}

/** The customer revises the order while the form is open. */
async function outrun(javaScriptEnabled) {
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    const path = await open(page, publish());
    const orderId = path.split('/')[2];
    // The stream is open before anything happens that it should tell.
    const listening = javaScriptEnabled && page.waitForResponse((response) => response.url().includes('/live'));
    await page.goto(`${portal}${path}/change`);
    await listening;
    await page.fill('#q-0', '15000');
    await page.check('[name=rest-0][value=leave]');
    await page.fill('#note', '已排产');
    const { content } = await call(chengyu, 'OrderService/GetOrder', { orderId });
    content.lines[0].quantity = { value: '18000' };
    content.lines[0].scheduleLines[0].quantity = { value: '18000' };
    await call(chengyu, 'OrderChangeService/ChangeOrder', { requestId: once(), orderId, content });
    if (javaScriptEnabled) await page.locator('[data-live-warn]').first().waitFor({ state: 'visible' });
    await page.click('button:text-is("提交答复")');
    await says(page, '修订 1 改为修订 2');
    await says(page, '数量已由 20,000 个 变为 18,000 个');
    equal([await page.inputValue('#q-0'), await page.inputValue('#note')], ['15000', '已排产'], 'what was typed is kept');
    await page.goto(portal + path);
    equal(await state(page), '待答复', 'nothing was answered');
  });
}

async function consenting(javaScriptEnabled) {
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    const number = publish();
    const path = await open(page, number);
    await accept(page);
    await askForLess(path.split('/')[2]);
    await page.goto(`${portal}/inbox`);
    ok((await page.innerText('.consents')).includes(number), 'the inbox shows it on top');
    await page.click(`.consents a:text-is("${number}")`);
    equal([await page.innerText('.ask del'), await page.innerText('.ask ins')], ['20,000 个', '18,000 个'], 'old and new');
    await page.click('button:text-is("不同意")');
    await page.locator('.ask .errors').waitFor();
    await page.fill('.ask [name=note]', '已投料');
    await page.click('button:text-is("不同意")');
    await says(page, '供应商不同意变更');
    equal(await page.locator('.ask').count(), 0, 'it waits no more');
    await askForLess(path.split('/')[2]);
    await page.reload();
    await page.click('button:text-is("同意变更")');
    await says(page, '已接受 18,000 个');
    await says(page, '供应商同意变更');
  });
}

async function progressing(javaScriptEnabled) {
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    const path = await open(page, publish());
    await accept(page);
    await page.click('.stages[aria-label*="第 20 行"] button:text-is("生产中")');
    await page.locator('.stages[aria-label*="第 20 行"] [aria-pressed=true]:has-text("生产中")').waitFor();
    equal(await page.locator('.stages [aria-pressed=true]').count(), 1, 'the other line stands');
    await page.click('.stages[aria-label="全部行"] button:text-is("待发")');
    await page.locator('.stages[aria-label*="第 10 行"] [aria-pressed=true]:has-text("待发")').waitFor();
    equal(await page.locator('.stages [aria-pressed=true]').count(), 2, 'every line at one tap');
    await visit(chengyu, { javaScriptEnabled }, async (other) => {
      await other.goto(portal + path);
      equal(await other.locator('.track .tag').allInnerTexts(), ['待发', '待发'], 'the buyer sees it');
      equal(await other.locator('.stages').count(), 0, 'and only looks');
    });
  });
}

async function talking(javaScriptEnabled) {
  const drawing = Buffer.from('%PDF-1.7 drawing');
  await visit(shunmo, { javaScriptEnabled }, async (page, context) => {
    const path = await open(page, publish());
    const write = async (body, name, readers) => {
      await page.fill('#body', body);
      if (name) await page.setInputFiles('#files', { name, mimeType: 'application/octet-stream', buffer: drawing });
      await page.check(`[name=readers][value=${readers}]`);
      await page.click('button:text-is("发送")');
    };
    await write('第一批 <b>9</b> 月到料', '图纸.exe', 'both');
    await page.locator('#write .errors').waitFor();
    ok((await page.innerText('#write .errors')).includes('图纸.exe：只能上传'), 'it says why');
    equal(await page.inputValue('#body'), '第一批 <b>9</b> 月到料', 'what was typed is kept');
    await write('第一批 <b>9</b> 月到料', '图纸 A-1.pdf', 'both');
    await page.locator('.said:has-text("图纸 A-1.pdf")').waitFor();
    await write('毛利太低', '', 'own');
    await page.locator('.said.internal:has-text("只有本企业能看到")').waitFor();
    await visit(chengyu, { javaScriptEnabled }, async (other, theirs) => {
      await other.goto(portal + path);
      equal(await other.locator('.said').count(), 1, 'the note is not for the buyer');
      ok(!(await other.content()).includes('毛利太低'), 'nowhere on the page');
      const file = await theirs.request.get(portal + await other.getAttribute('.attached a', 'href'));
      equal([(await file.body()).toString(), file.headers()['content-type']], [drawing.toString(), 'application/pdf'], 'the file');
      ok(file.headers()['content-disposition'].startsWith('attachment'), 'saved, never shown');
      await other.fill('#body', '收到');
      await other.click('button:text-is("发送")');
      await other.locator('.said.own:has-text("收到")').waitFor();
    });
    if (javaScriptEnabled) await page.locator('.said:has-text("收到")').waitFor();
    const strangers = await context.request.get(`${portal}${path}/files/${sandbox.anchor.firm}`);
    equal(strangers.status(), 404, 'a file that is not there');
  });
}

/** As many as are answered together: those of one page. With scripts, which answer in the same way, it is enough that there
 * are several. */
const MANY = 100;
const SEVERAL = 3;

/** Publishes orders of the second anchor to the second supplier; answers their ids. */
async function publishMany(count) {
  const [year, month, day] = inDays(60).split('-').map(Number);
  const date = { year, month, day };
  const one = async () => {
    const content = {
      sourceSystem: 'erp', orderNumber: once().toUpperCase(), orderType: 'ORDER_TYPE_STANDALONE', currency: 'CNY', priceIncludesTax: false,
      lines: [{ lineNumber: '10', item: { name: '锁体衬垫' }, quantity: { value: '500' }, unitCode: 'H87', price: { amount: { value: '1.20' } },
        scheduleLines: [{ scheduleLineNumber: '1', quantity: { value: '500' }, requestedDelivery: { from: date, until: date } }] }],
    };
    const { orderId } = await call(mumian, 'OrderService/PublishOrder', { requestId: once(), content, supplier: { firmId: hengmao.firm } });
    return { orderId, content };
  };
  const all = [];
  while (all.length < count) all.push(...await Promise.all(Array.from({ length: Math.min(10, count - all.length) }, one)));
  return all;
}

async function answeringMany(javaScriptEnabled) {
  const many = javaScriptEnabled ? SEVERAL : MANY;
  const orders = await publishMany(many);
  const { orderId, content } = orders[1];
  await visit(hengmao, { javaScriptEnabled, viewport: { width: 1280, height: 800 } }, async (page) => {
    await page.goto(`${portal}/inbox`);
    if (javaScriptEnabled) {
      for (const one of orders) await page.check(`input[name=order][value="${one.orderId}.1"]`);
      ok((await page.innerText('#bulk button')).includes(`（${SEVERAL}）`), 'they are counted');
    } else {
      await page.click('a:text-is("全选本页")');
    }
    const picked = await page.locator('input[name=order]:checked').count();
    equal(picked, many, 'as many as are answered together are selected');
    await page.click('#bulk button');
    await says(page, `答复 ${picked} 张订单`);
    content.lines[0].quantity = { value: '400' };
    content.lines[0].scheduleLines[0].quantity = { value: '400' };
    await call(mumian, 'OrderChangeService/ChangeOrder', { requestId: once(), orderId, content });
    await page.click('button:text-is("提交答复")');
    await says(page, `已答复 ${picked - 1} 张订单`);
    await says(page, '订单有新修订');
    measured('answered-together', picked, 'orders');
    equal(await page.locator('tbody tr').count(), picked, 'a result for each');
    equal(await page.locator('input[name=order]:checked').count(), 1, 'what failed stays selected');
    await page.click('button:has-text("重新答复所选订单")');
    await says(page, '答复 1 张订单');
    await page.click('label:has-text("全部无法供应")');
    await page.selectOption('#reason', { label: '产能不足' });
    await page.click('button:text-is("提交答复")');
    await says(page, '已答复 1 张订单');
    await page.click('tbody a');
    equal(await state(page), '已拒绝', 'and the rest was refused');
  });
}

/** Lines of a file whose bytes are looked at one by one, whatever they are encoded in. */
const lines = (bytes) => bytes.toString('latin1').split('\n');

async function tables(javaScriptEnabled) {
  await visit(shunmo, { javaScriptEnabled }, async (page, context) => {
    const numbers = [publish({ lines: 1 }), publish({ lines: 1 })];
    await page.goto(`${portal}/inbox`);
    await page.click('a:text-is("用 Excel 答复")');
    const get = async (text) => {
      const href = await page.getAttribute(`a:text-is("${text}")`, 'href');
      return (await context.request.get(portal + href)).body();
    };
    const send = async (name, buffer) => {
      await page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer });
      await Promise.all([page.waitForNavigation(), page.click('button:text-is("上传并答复")')]);
    };
    await page.click('button:text-is("上传并答复")');
    await says(page, '请选择文件');
    await send('乱.xlsx', Buffer.from('PK\x03\x04 nothing'));
    await page.locator('.errors').waitFor();
    await send('别的.csv', Buffer.from('a,b\n1,2\n'));
    await says(page, '文件无法读取');
    const workbook = await get('下载 Excel 表格');
    equal(workbook.subarray(0, 2).toString(), 'PK', 'a workbook');
    const wechat = { 'user-agent': 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116 Mobile MicroMessenger/8.0.47' };
    const told = await (await context.request.get(`${portal}/inbox/sheets/export`, { headers: wechat })).text();
    ok(told.includes('在浏览器打开') && told.includes(`value="${portal}/inbox/sheets/export"`), 'WeChat saves nothing and is told where to go');
    await send('待答复.xlsx', workbook);
    await says(page, '没有需要提交的变更');
    const [, ...counts] = /共 ([\d,]+) 行，其中 ([\d,]+) 行/.exec(await page.innerText('.done'));
    const [all, changes] = counts.map((count) => Number(count.replace(/,/g, '')));
    if (!javaScriptEnabled) {
      measured('table-unchanged', changes, 'changes');
      measured('table-rows', all, 'rows');
    }
    ok(all > 1 && changes === 0, `${changes} of ${all} rows say something`);
    const table = lines(await get('下载 CSV（GB18030）'));
    // 答复 is the eleventh column, 答复数量 the twelfth; no cell of these orders holds a comma.
    const filled = table.map((line) => {
      const cells = line.split(',');
      if (line.includes(numbers[0])) cells[10] = 'accept';
      if (line.includes(numbers[1])) [cells[10], cells[11]] = ['propose', 'many'];
      return cells.join(',');
    });
    await send('待答复.csv', Buffer.from(filled.join('\n'), 'latin1'));
    await says(page, '已答复 1 张订单');
    ok((await page.innerText('table')).includes('答复数量'), 'the column is named');
    const saved = page.waitForEvent('download');
    await page.click('button:text-is("下载错误文件")');
    const download = await saved;
    equal(download.suggestedFilename(), '待答复.err.xlsx', 'its name');
    equal(readFileSync(await download.path()).subarray(0, 2).toString(), 'PK', 'a workbook with what is wrong');
    await open(page, numbers[0]);
    equal(await state(page), '已接受', 'it is answered');
  });
}

async function reminding(javaScriptEnabled) {
  await visit(shunmo, { javaScriptEnabled }, async (page) => {
    const number = publish();
    const { orders } = await call(chengyu, 'OrderService/ListOrders', { side: 'SIDE_BUYER', orderNumber: number });
    await call(chengyu, 'ReminderService/RemindSupplier', { requestId: once(), orderIds: [orders[0].id], message: '请今天答复' });
    const told = async () => (await call(chengyu, 'ReminderService/ListReminders', { orderId: orders[0].id })).reminders[0].state;
    await page.goto(`${portal}/inbox?q=${number}+收纳箱`);
    ok(/还剩 \d+ 天|今天截止/.test(await page.innerText('tbody tr')), 'when it is due');
    await says(page, '请今天答复');
    equal(await told(), 'REMINDER_STATE_DELIVERED', 'the list has shown it');
    await page.click(`a:text-is("${number}")`);
    await says(page, '催办');
    await says(page, '答复期限');
    equal(await told(), 'REMINDER_STATE_OPENED', 'the order was opened');
    await page.goto(`${portal}/inbox?q=${number}+收纳箱`);
    equal(await page.locator('.nudge').count(), 0, 'the list asks no more');
    for (const [words, found] of [['SM-1 澄屿', true], ['cybx', false], ['收纳箱 转向柱', false]]) {
      await page.fill('#q', `${words} ${number.slice(0, -1)}`);
      await Promise.all([page.waitForNavigation(), page.click('button:text-is("查找")')]);
      equal(await page.locator(`a:text-is("${number}")`).count(), found ? 1 : 0, `looked for ${words}`);
    }
    await says(page, '可以查找订单号');
    await page.click('summary:text-is("保存当前筛选")');
    await page.fill('#filter-name', '找不到的');
    await page.click('.kept button:text-is("保存")');
    const kept = page.locator('.kept nav a:text-is("找不到的")');
    equal(await kept.getAttribute('aria-current'), 'page', 'a filter is kept beside the states');
    await page.goto(`${portal}/inbox`);
    await kept.click();
    await says(page, '可以查找订单号');
    await page.click('summary:text-is("常用筛选")');
    await page.click('button:text-is("删除“找不到的”")');
    await page.waitForURL(`${portal}/inbox`);
    equal(await kept.count(), 0, 'and let go');
  });
}

export async function supplying() {
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await test(`an answer is tried out, given, taken back and given otherwise, ${how}`, () => trying(javaScriptEnabled));
    await test(`a change that is frozen is refused and agreed, ${how}`, () => consenting(javaScriptEnabled));
    await test(`a revision is faster than the answer: refused, what was typed is kept, differences are shown, ${how}`, () => outrun(javaScriptEnabled));
    await test(`progress is one tap a line, ${how}`, () => progressing(javaScriptEnabled));
    await test(`both sides write to each other, and notes stay inside, ${how}`, () => talking(javaScriptEnabled));
    await test(`many orders are answered at once, ${how}`, () => answeringMany(javaScriptEnabled));
    await test(`a table goes out, comes back and says what is wrong, ${how}`, () => tables(javaScriptEnabled));
    await test(`a deadline and a reminder are seen, ${how}`, () => reminding(javaScriptEnabled));
  }

  for (const [locale, viewport] of [['zh-CN', { width: 360, height: 640 }], ['en-GB', { width: 1280, height: 800 }]]) {
    await test(`the supplier's pages are sound, ${locale}, ${viewport.width} px`, async () => {
      let path;
      await visit(shunmo, {}, async (page) => {
        path = await open(page, publish());
        await accept(page);
        await page.fill('#body', '内部');
        await page.check('[name=readers][value=own]');
        await page.click('button:text-is("发送")');
        await page.locator('.said.internal').waitFor();
        await page.click('.stages[aria-label*="第 10 行"] button:text-is("生产中")');
        await page.locator('[aria-pressed=true]').waitFor();
      });
      await askForLess(path.split('/')[2]);
      publish();
      await visit(shunmo, { locale, viewport }, async (page) => {
        for (const one of [path, '/inbox?select=all', '/inbox/sheets']) {
          await page.goto(portal + one);
          await sound(page, one);
        }
        await page.goto(portal + path);
        await page.click('button[value=decline]');
        await page.locator('.ask .errors').waitFor();
        await sound(page, 'a refusal that came back');
        await page.goto(`${portal}/inbox?select=all`);
        await page.click('#bulk button');
        await sound(page, 'orders to be answered');
        await page.goto(portal + await open(page, publish()) + '/change');
        await page.fill('#d-0', inDays(50));
        await page.click('button[name=preview]');
        await page.locator('.outcome').first().waitFor();
        await sound(page, 'an answer that is tried out');
      });
    });
  }
}

// What buyers do with their orders, with scripts and without: changing, cancelling, holding, reminding, handing out.

import { readFileSync } from 'node:fs';
import { equal, inDays, ok, open, portal, publish, sandbox, says, scanned, test, visit, ways } from './browser.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;
/// The number of a supplier without an account.
export const INVITED = 'V10088';

const state = (page) => page.locator('h1 .tag').innerText();
const accept = (path, supplier = shunmo) => visit(supplier, { javaScriptEnabled: false }, async (page) => {
  await page.goto(`${portal}${path}/accept`);
  await page.click('button:text-is("确认接受")');
  await says(page, '答复已送达');
});

/** A published order as the buyer finds it. */
async function bought(page, options) {
  return open(page, publish(options), '/purchases');
}

/** Takes the table of an order, writes another quantity into it, and sends it back. */
async function changedInTable(page, context, path) {
  await page.goto(portal + path);
  const [number] = /T[0-9A-Z]+/.exec(await page.innerText('h1'));
  await page.goto(`${portal}/purchases/sheets?q=${number}`);
  const href = await page.getAttribute('a:text-is("下载 CSV（GB18030）")', 'href');
  const table = (await (await context.request.get(portal + href)).body()).toString('latin1');
  const send = async (text) => {
    await page.setInputFiles('#file', { name: '采购订单.csv', mimeType: 'text/csv', buffer: Buffer.from(text, 'latin1') });
    await Promise.all([page.waitForNavigation(), page.click('button:text-is("上传并检查")')]);
  };
  await send(table);
  await says(page, '没有需要提交的变更');
  // 行号 is the sixth column, 数量 the eleventh; no cell of these orders holds a comma.
  const edited = table.split('\n').map((line) => {
    const cells = line.split(',');
    if (cells[5] === '20') cells[10] = '20001';
    return cells.join(',');
  });
  await send(edited.join('\n'));
  ok(/行 20.*数量.*20,000.*20,001/s.test(await page.innerText('.difference-list')), 'what would be changed is shown first');
  await page.click('button:text-is("确认并发送变更")');
  await says(page, '已变更 1 张订单');
  await page.click('tbody a');
  ok((await page.locator('table.lines tbody .standing').nth(1).innerText()).includes('20,001'), 'and it is');
}

/** Fills the template of new orders in, one object by headings for each row, and sends it. */
async function sendTemplate(page, context, rows) {
  const href = await page.getAttribute('a:text-is("下载 CSV（UTF-8）")', 'href');
  const template = (await (await context.request.get(portal + href)).text()).replace('\ufeff', '');
  const headings = template.split(/\r?\n/)[0].split(',');
  const lines = [headings, ...rows.map((row) => headings.map((heading) => row[heading] || ''))];
  const buffer = Buffer.from(lines.map((cells) => cells.join(',')).join('\n'));
  await page.setInputFiles('#file', { name: '新订单.csv', mimeType: 'text/csv', buffer });
  await Promise.all([page.waitForNavigation(), page.click('button:text-is("上传并检查")')]);
}

/** Publishes two orders in a table, of which one has a wrong row at first. */
async function orderedInTable(page, context, numbers) {
  const row = (number, line, quantity) => ({
    采购订单号: number, 供应商编码: 'V10027', 币种: 'CNY', 含税: '否', 行号: line, 物料名称: '箱盖', 数量: quantity, 单位: '个', 单价: '2.3',
    要求交期: inDays(40),
  });
  const rows = (quantity) => [row(numbers[0], '10', '5000'), row(numbers[0], '20', '300'), row(numbers[1], '10', quantity)];
  await page.goto(`${portal}/purchases/new`);
  await page.click('a:text-is("用表格新建订单")');
  await page.waitForURL(/sheets\/new/);
  await sendTemplate(page, context, rows('many'));
  await says(page, '将发布 1 张新订单');
  await says(page, '有 1 处需要改正');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:text-is("下载错误文件")')]);
  equal(download.suggestedFilename(), '新订单.err.xlsx', 'its name');
  equal(readFileSync(await download.path()).subarray(0, 2).toString(), 'PK', 'a workbook with what is wrong');
  await sendTemplate(page, context, rows('400'));
  await says(page, '将发布 2 张新订单');
  const shown = await page.locator('tbody tr', { hasText: numbers[0] }).innerText();
  ok(/顺模/.test(shown) && shown.includes('12,190.00'), 'whom each goes to and what it comes to is shown first');
  await page.click('button:text-is("确认并发布")');
  await says(page, '已发布 2 张订单');
  await sendTemplate(page, context, rows('400'));
  await says(page, '有 2 张订单已经存在');
  equal(await page.locator('#send').count(), 0, 'the same again publishes nothing');
}

/** Makes a document link on the page that hands orders out. */
export async function makeLink(page, path, label) {
  await page.goto(`${portal}${path}/share`);
  await page.fill('#label', label);
  await page.click('button:text-is("生成单据链接")');
  await page.locator('#link').waitFor();
  return page.inputValue('#link');
}

export async function buying() {
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

    await test(`an order is changed after a look at what will differ, ${how}`, async () => {
      let path;
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        path = await bought(page);
        await accept(path);
        await page.goto(`${portal}${path}/revise`);
        await page.click('button:text-is("查看变化")');
        ok((await page.innerText('.errors')).includes('还没有改动'), 'nothing is sent where nothing differs');
        await page.fill('#q-0', '18,000');
        await page.fill('#d-0', '');
        await page.click('button:text-is("查看变化")');
        await page.click('.errors a');
        equal(await page.evaluate(() => document.activeElement.id), 'd-0', 'the summary leads to the field');
        equal(await page.inputValue('#q-0'), '18,000', 'what was typed is kept');
        await page.fill('#d-0', inDays(40));
        await page.fill('#note', '客户减单');
        await page.click('button:text-is("新增一行")');
        await page.fill('#ai-0', '箱盖');
        await page.fill('#aq-0', '500');
        await page.fill('#ap-0', '2.3');
        await page.fill('#ad-0', inDays(45));
        await page.click('button:text-is("查看变化")');
        ok(/第 10 行.*20,000 个.*18,000 个/s.test(await page.innerText('.difference-list')), 'old and new');
        await says(page, '第 30 行 · 箱盖');
        await page.click('button:text-is("返回修改")');
        equal([await page.inputValue('#q-0'), await page.inputValue('#ai-0')], ['18,000', '箱盖'], 'kept on the way back');
        await page.click('button:text-is("查看变化")');
        await page.click('button:text-is("发送变更")');
        await says(page, '变更已送达');
        const [changed, stands, added] = await page.locator('table.lines tbody .standing').allInnerTexts();
        equal([changed, stands, added], ['未答复 18,000 个', `已接受 20,000 个，${await day(page, 1)}`, '未答复 500 个'],
          'only what differs has to be answered anew');
      });
      await visit(shunmo, { javaScriptEnabled }, async (page) => {
        await page.goto(portal + path);
        await says(page, '修订 2 相对修订 1 的变化');
        ok(/20,000 个.*18,000 个/s.test(await page.innerText('.difference-list')), 'the supplier sees what differs');
        equal(await page.locator('.buying').count(), 0, 'and none of the buyer’s controls');
      });
      await visit(chengyu, { javaScriptEnabled }, (page, context) => changedInTable(page, context, path));
    });

    await test(`an order is typed, mended and published, ${how}`, async () => {
      const number = `N${Date.now().toString(36).toUpperCase()}`;
      let path;
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        await page.goto(`${portal}/purchases`);
        await page.click('a:text-is("新建订单")');
        await page.waitForURL(/purchases\/new/);
        equal(await page.locator('fieldset.entry').count(), 5, 'lines to begin with');
        await page.selectOption('#supplier', shunmo.firm);
        await page.fill('#number', number);
        await page.check('#tax-no');
        await page.fill('#ai-0', '箱盖 <b>');
        await page.fill('#aq-0', '5,000');
        await page.fill('#ap-0', '2.3');
        await page.click('button:text-is("新增一行")');
        await page.fill('#ai-5', '封边条');
        await page.fill('#aq-5', '900.5');
        await page.selectOption('#au-5', 'MTR');
        await page.click('button:text-is("发布订单")');
        ok(/第 10 行.*日期/.test(await page.innerText('.errors')), 'a day is needed');
        await page.click('.errors a');
        equal(await page.evaluate(() => document.activeElement.id), 'ad-0', 'the summary leads to the field');
        const kept = ['#supplier', '#number', '#ai-0', '#aq-0', '#ai-5', '#au-5'].map((field) => page.inputValue(field));
        equal(await Promise.all(kept), [shunmo.firm, number, '箱盖 <b>', '5,000', '封边条', 'MTR'], 'what was typed is kept');
        await page.fill('#date', inDays(40));
        await page.fill('#note', '请先送样');
        await page.press('#number', 'Enter');
        await page.locator('#ai-6').waitFor();
        equal([await page.inputValue('#note'), await page.locator('.errors').count()], ['请先送样', 0],
          'Enter is one more line and publishes nothing');
        await page.click('button:text-is("发布订单")');
        await says(page, '订单已发布');
        path = new URL(page.url()).pathname;
        equal(await page.locator('table.lines tbody tr').count(), 2, 'empty lines are none');
        await page.click('a:text-is("再次下单")');
        await page.locator('#ai-1').waitFor();
        const again = ['#supplier', '#ai-0', '#ac-0', '#aq-1', '#au-1', '#ad-0'].map((field) => page.inputValue(field));
        equal(await Promise.all(again), [shunmo.firm, '箱盖 <b>', '', '900.5', 'MTR', ''], 'the same, and no day yet');
      });
      await visit(shunmo, { javaScriptEnabled }, async (page) => {
        equal(await open(page, number), path, 'the supplier finds it');
        await says(page, '请先送样');
        await says(page, '900.5 米');
      });
    });

    await test(`orders of a table are published once what is wrong is mended, ${how}`, async () => {
      const numbers = ['A', 'B'].map((end) => `X${Date.now().toString(36).toUpperCase()}${end}`);
      await visit(chengyu, { javaScriptEnabled }, (page, context) => orderedInTable(page, context, numbers));
      await visit(shunmo, { javaScriptEnabled }, async (page) => {
        for (const [number, quantity] of [[numbers[0], '5,000 个'], [numbers[1], '400 个']]) {
          await open(page, number);
          await says(page, quantity);
        }
      });
    });

    await test(`a cancellation that the supplier was faster than comes back with what happened, ${how}`, () =>
      visit(chengyu, { javaScriptEnabled }, async (page) => {
        const path = await bought(page);
        await page.goto(`${portal}${path}/cancel`);
        await page.check('[name=scope][value=lines]');
        await page.check('#pick-1');
        await page.fill('#q-1', '6000');
        await page.click('button:text-is("确认取消订单")');
        ok((await page.innerText('.errors')).includes('请选择原因'), 'a reason is needed');
        await page.check('#reason-1');
        await page.fill('#note', '项目推迟');
        await accept(path);
        await page.click('button:text-is("确认取消订单")');
        await says(page, '您操作期间，订单有了新的变动');
        await says(page, '供应商答复 2 行');
        equal([await page.inputValue('#q-1'), await page.inputValue('#note'), await page.isChecked('#reason-1')],
          ['6000', '项目推迟', true], 'what was typed is kept');
        await page.fill('#q-1', '20001');
        await page.click('button:text-is("确认取消订单")');
        ok((await page.innerText('.errors')).includes('数量超过了'), 'no more than there is');
        await page.fill('#q-1', '6000');
        await page.click('button:text-is("确认取消订单")');
        await says(page, '已收到取消通知');
        ok((await page.locator('table.lines tbody .standing').nth(1).innerText()).includes('已取消 6,000 个'), 'so much is cancelled');
        await page.goto(`${portal}${path}/cancel`);
        await page.check('#reason-2');
        await page.click('button:text-is("确认取消订单")');
        await says(page, '已取消');
        equal(await state(page), '已取消', 'and then the rest');
      }));

    await test(`an order is held, released and closed short, ${how}`, () =>
      visit(chengyu, { javaScriptEnabled }, async (page) => {
        const path = await bought(page, { lines: 1 });
        await accept(path);
        await page.goto(portal + path);
        await page.click('.drop summary');
        await page.click('a:text-is("暂停订单")');
        await page.click('button:text-is("暂停订单")');
        ok((await page.innerText('.errors')).includes('请选择原因'), 'a reason is needed');
        await page.check('#reason-1');
        await page.click('button:text-is("暂停订单")');
        await says(page, '采购方已暂停此订单');
        await page.goto(`${portal}${path}/release`);
        await page.click('button:text-is("恢复订单")');
        await says(page, '订单已恢复');
        await page.goto(`${portal}${path}/close`);
        await page.check('#pick-0');
        await page.fill('#q-0', '19500');
        await page.click('button:text-is("确认关闭余量")');
        await says(page, '余量已关闭');
        ok((await page.innerText('table.lines .standing')).includes('已取消 500 个'), 'the rest is cancelled');
      }));

    await test(`suppliers are reminded from the list, with a result for each, ${how}`, async () => {
      const numbers = [publish({ lines: 1 }), publish({ lines: 1 })];
      let path;
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        path = await open(page, numbers[0], '/purchases');
        await page.goto(`${portal}${path}/remind`);
        await page.fill('#message', '请今天答复');
        await page.click('main button:text-is("催办")');
        await says(page, '已催办 1 张订单');
        await page.goto(`${portal}/purchases?state=unanswered`);
        for (const number of numbers) await page.check(`tr:has-text("${number}") [type=checkbox]`);
        await page.click('button:text-is("催办所选")');
        await says(page, '已催办 1 张订单，1 张未发送');
        const row = (number) => page.locator(`.rows li:has-text("${number}")`).innerText();
        ok(/未发送/.test(await row(numbers[0])) && /一小时内/.test(await row(numbers[0])), 'one was reminded just now');
        ok(/已发送/.test(await row(numbers[1])), 'the other is');
        await page.goto(`${portal}/purchases?state=unanswered&choose=all`);
        equal(await page.locator('[name=order]:not(:checked)').count(), 0, 'all of a page are chosen without scripts, too');
        await page.click('.work summary');
        await page.click('.work .menu a:text-is("资源")');
        await page.waitForURL(/\/resources/);
        ok(await page.locator('.work > ul > li > a[aria-current]').isVisible(), 'where one is stands beside the first place');
      });
      await visit(shunmo, { javaScriptEnabled }, (page) => page.goto(portal + path));
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        await page.goto(`${portal}/reminders?state=opened`);
        ok((await page.locator(`tr:has-text("${numbers[0]}")`).innerText()).includes('已查看'), 'what was opened is told');
        await page.goto(portal + path);
        await says(page, '请今天答复');
      });
    });

    await test(`what is accepted and does not move is at risk until it does, ${how}`, async () => {
      const number = publish({ lines: 1, due: inDays(3) });
      let path;
      await visit(shunmo, { javaScriptEnabled }, async (page) => { path = await open(page, number); });
      await accept(path);
      const listed = () => visit(chengyu, { javaScriptEnabled }, async (page) => {
        await page.goto(`${portal}/at-risk?days=7`);
        return page.locator(`a:text-is("${number}")`).count();
      });
      equal(await listed(), 1, 'its day is near and nothing was begun');
      await visit(shunmo, { javaScriptEnabled }, async (page) => {
        await page.goto(portal + path);
        await page.click('.stages button:text-is("生产中") >> nth=0');
        await page.locator('.stages [aria-pressed=true]').first().waitFor();
      });
      equal(await listed(), 0, 'it moves');
    });

    await test(`an order is handed to a supplier without an account, who answers it, ${how}`, async () => {
      let link, path;
      const number = publish({ supplier: { firm: INVITED } });
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        path = await open(page, number, '/purchases');
        link = await makeLink(page, path, '何姐');
        const text = await page.inputValue('#text');
        ok(text.includes(number) && text.includes(link) && text.includes('20,000 个'), 'the message says it all');
        equal(scanned(await page.locator('.qr img').screenshot()), link, 'with a code to scan');
        const [saved] = await Promise.all([page.waitForEvent('download'), page.click('a:text-is("保存二维码图片")')]);
        equal(saved.suggestedFilename(), `${number}.png`, 'which is saved as a picture');
        equal(scanned(readFileSync(await saved.path())), link, 'and scanned from there');
        equal(await page.locator('[data-copy]').first().isVisible(), javaScriptEnabled, 'copying by itself takes scripts');
      });
      await visit(null, { javaScriptEnabled }, async (page, context) => {
        for (let look = 0; look < 2; look += 1) await page.goto(link);
        equal((await context.cookies()).filter((one) => one.name !== 'tandem_language').length, 0, 'a look leaves nothing behind');
        equal(await state(page), '待答复', 'and changes nothing');
        await page.click('a:text-is("接受但有变更")');
        await page.fill('#q-0', '15000');
        await page.check('[name=rest-0][value=leave]');
        await page.click('button:text-is("提交答复")');
        await says(page, '答复已送达');
        equal(await state(page), '待答复', 'the rest still waits');
        equal((await page.goto(`${portal}${path}`)).status(), 401, 'the link opens nothing else');
        await page.goto(`${link}/accept`);
        await page.click('button:text-is("确认接受")');
        await says(page, '答复已送达');
        await page.click('button:text-is("生产中")');
        await says(page, '进度已送达');
        equal(await page.innerText('[aria-current=step]'), '生产中', 'the buyer knows how far it is');
      });
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        await page.goto(portal + path);
        await says(page, '何姐');
        await page.goto(`${portal}${path}/share`);
        await page.click('li:has-text("何姐") button');
        await says(page, '已停用');
      });
      await visit(null, { javaScriptEnabled }, async (page) => {
        equal((await page.goto(link)).status(), 410, 'it has ended');
        await says(page, '需要新链接');
      });
    });
  }

  await test('a frozen change waits for the supplier and can be withdrawn', async () => {
    // Taken back, so that no other test is in its way.
    const freeze = async (days) => {
      const body = { requestId: `freeze-${Date.now()}`, terms: { supplierId: shunmo.firm, frozenWorkingDays: days } };
      const answer = await fetch(`${sandbox.api}/tandem.orders.v1.TermsService/SetTerms`, { method: 'POST',
        headers: { authorization: `Bearer ${sandbox.anchor.key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
      equal(answer.status, 200, 'terms are set');
    };
    await visit(chengyu, {}, async (page) => {
      const path = await bought(page, { supplier: shunmo });
      await accept(path, shunmo);
      await freeze(250);
      await page.goto(`${portal}${path}/revise`);
      await page.fill('#q-0', '19000');
      await page.click('button:text-is("查看变化")');
      await says(page, '250 个工作日以内');
      await page.click('button:text-is("发送变更")');
      await says(page, '已提交，等待供应商同意');
      equal(await state(page), '已接受', 'what was agreed stands');
      ok(/20,000 个.*19,000 个/s.test(await page.innerText('.difference-list')), 'what is asked for is shown');
      const number = (await page.innerText('h1')).match(/T\w+/)[0];
      await page.goto(`${portal}/purchases?state=pending`);
      await page.click(`a:text-is("${number}")`);
      await page.click('button:text-is("撤回")');
      await says(page, '订单仍按原约定执行');
      equal(await page.locator('.card .difference-list').count(), 0, 'nothing waits any more');
    }).finally(() => freeze(0));
  });
}

/** The day that the order page shows for a line, as people read it. */
const day = (page, line) => page.locator('table.lines tbody tr').nth(line).locator('.keep').first().innerText();

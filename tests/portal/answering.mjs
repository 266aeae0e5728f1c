// Answering orders, with scripts and without; what is printed, without, since scripts add nothing to paper.

import { equal, inDays, measured, ok, open, portal, publish, sandbox, says, scanned, test, visit } from './browser.mjs';
import { sheets, sideways, unprintable } from './pages.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;

const state = (page) => page.locator('h1 .tag').innerText();

export async function answering() {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

    await test(`an order is accepted in two taps at 360 px, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page) => {
        const number = publish();
        await open(page, number);
        equal(await state(page), '待答复', 'it waits');
        await says(page, "收纳箱 <b>1</b> & 'PP'");
        let taps = 0;
        const tap = (what) => { taps += 1; return page.click(what); };
        await tap('a:text-is("全部接受")');
        await tap('button:text-is("确认接受")');
        await says(page, '答复已送达');
        if (!javaScriptEnabled) measured('accepted-by-taps', taps, 'taps');
        ok(taps <= 2, `${taps} taps`);
        equal(await state(page), '已接受', 'it is accepted');
        equal(await page.locator('.standing .accepted').count(), 2, 'both lines are');
      }));

    await test(`one number is typed and the rest goes to another day, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page) => {
        const number = publish();
        await open(page, number);
        await page.click('a:text-is("接受但有变更")');
        const shown = page.locator('[data-rest]').first();
        equal(await shown.isVisible(), !javaScriptEnabled, 'the rest is asked for only where there is one');
        await page.fill('#q-0', '16,000.5');
        if (javaScriptEnabled) equal(await page.innerText('#left-0'), '其余 3,999.5 个', 'the rest is computed at once');
        await page.check('#rest-0');
        await page.fill('#d2-0', inDays(42));
        await page.click('button:text-is("提交答复")');
        await says(page, '答复已送达');
        equal(await state(page), '待采购方确认', 'the buyer decides');
        const [split, whole] = await page.locator('tbody .standing').allInnerTexts();
        ok(/16,000\.5 个.*3,999\.5 个/s.test(split), `the split is proposed: ${split}`);
        ok(/已接受 20,000 个/.test(whole), `the other line is accepted: ${whole}`);
      }));

    await test(`a wrong answer comes back with what was typed, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page) => {
        const number = publish({ lines: 1 });
        const path = await open(page, number);
        await page.goto(`${portal}${path}/change`);
        await page.fill('#q-0', '20001');
        if (javaScriptEnabled) ok((await page.innerText('#left-0')).includes('最多可答复 20,000 个'), 'said at once');
        await page.click('button:text-is("提交答复")');
        await page.locator('.errors').waitFor();
        ok((await page.innerText('.errors')).includes('最多可答复 20,000 个'), 'and again by the server');
        equal(await page.inputValue('#q-0'), '20001', 'what was typed is kept');
        await page.click('.errors a');
        equal(await page.evaluate(() => document.activeElement.id), 'q-0', 'the summary leads to the field');
        await page.fill('#q-0', '5000');
        if (javaScriptEnabled) await page.locator('#rest-0').waitFor();
        await page.check('[name=rest-0][value=reject]');
        await page.selectOption('#why-0', { label: '产能不足' });
        await page.click('button:text-is("提交答复")');
        await says(page, '答复已送达');
        equal(await state(page), '部分接受', 'part is accepted');
      }));

    await test(`what cannot be supplied needs a reason, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page) => {
        await open(page, publish());
        await page.click('a:text-is("无法供应")');
        await page.click('button:text-is("确认拒绝")');
        await page.locator('.errors').waitFor();
        await page.click('label:has-text("缺料")');
        await page.fill('#note', '原料下月到');
        await page.click('button:text-is("确认拒绝")');
        await says(page, '答复已送达');
        equal(await state(page), '已拒绝', 'it is rejected');
      }));

    await test(`the buyer decides a proposal, ${how}`, async () => {
      const number = publish({ lines: 1 });
      await visit(shunmo, { javaScriptEnabled }, async (page) => {
        const path = await open(page, number);
        await page.goto(`${portal}${path}/change`);
        await page.fill('#d-0', inDays(50));
        await page.click('button:text-is("提交答复")');
        await says(page, '答复已送达');
      });
      await visit(chengyu, { javaScriptEnabled }, async (page) => {
        await page.goto(`${portal}/proposals`);
        await page.click(`a:text-is("${number}")`);
        await page.click('button:text-is("提交决定")');
        await page.locator('.errors').waitFor();
        await page.click('label:has-text("同意提议")');
        await page.click('button:text-is("提交决定")');
        await says(page, '决定已送达');
        equal(await state(page), '已接受', 'it is agreed');
      });
    });

    await test(`somebody answers while the form is open: refused, what was typed is kept, differences are shown, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page, context) => {
        const path = await open(page, publish());
        await page.goto(`${portal}${path}/change`);
        await page.fill('#q-0', '15000');
        await page.check('[name=rest-0][value=leave]');
        const colleague = await context.newPage();
        await colleague.goto(`${portal}${path}/change`);
        await colleague.fill('#q-0', '18000');
        await colleague.check('[name=rest-0][value=leave]');
        await colleague.fill('#q-1', '0');
        await colleague.check('[name=rest-1][value=leave]');
        await colleague.click('button:text-is("提交答复")');
        await says(colleague, '答复已送达');
        await page.fill('#note', '已排产');
        await page.click('button:text-is("提交答复")');
        await says(page, '订单已有变化');
        await says(page, '数量已由 20,000 个 变为 2,000 个');
        equal([await page.inputValue('#q-0'), await page.inputValue('#note')], ['15000', '已排产'], 'kept');
      }));

    await test(`a half-filled form survives the other language, and Enter sends it, ${how}`, () =>
      visit(shunmo, { javaScriptEnabled }, async (page) => {
        const path = await open(page, publish({ lines: 1 }));
        await page.goto(`${portal}${path}/change`);
        await page.fill('#q-0', '12345');
        await page.check('[name=rest-0][value=leave]');
        await page.click('button:text-is("English")');
        await says(page, 'with changes');
        equal(await page.inputValue('#q-0'), '12345', 'what was typed is kept');
        await page.press('#q-0', 'Enter');
        await says(page, 'Your answer has arrived');
      }));
  }

  await test('a despatch note is made of what is accepted, and printed with a code that leads back', () =>
    // As fine as paper, which a code of an inch needs.
    visit(shunmo, { javaScriptEnabled: false, viewport: { width: 718, height: 1000 }, deviceScaleFactor: 3 }, async (page) => {
      const path = await open(page, publish({ lines: 40, quantity: '1800.5', unit: ['MTR', '米'] }));
      equal(await page.locator('a:text-is("打印送货单")').count(), 0, 'nothing is accepted yet');
      await page.goto(`${portal}${path}/accept`);
      await page.click('button:text-is("确认接受")');
      await says(page, '答复已送达');
      await page.click('a:text-is("打印送货单")');
      equal([await page.inputValue('#q-0'), await page.inputValue('#date')], ['1800.5', inDays(0)], 'all, today');
      await page.fill('#q-0', '1800.51');
      await page.fill('#q-1', '');
      await page.fill('#q-2', '0');
      await page.fill('#lot-0', 'B-07 <i>');
      await page.fill('#carrier', '顺风物流');
      await page.fill('#packages', '12');
      await page.click('button:text-is("生成送货单")');
      await page.locator('.errors').waitFor();
      ok((await page.innerText('.errors')).includes('第 10 行：“本次数量”最多 1,800.5 米'), 'the field, and how much it may be');
      equal([await page.inputValue('#q-0'), await page.inputValue('#lot-0')], ['1800.51', 'B-07 <i>'], 'what was typed is kept');
      await page.click('.errors a');
      equal(await page.evaluate(() => document.activeElement.id), 'q-0', 'the summary leads to the field');
      await page.click('button:text-is("English")');
      await says(page, 'Print a despatch note');
      equal([await page.inputValue('#q-0'), await page.inputValue('#q-1')], ['1800.51', ''], 'and in the other language, too');
      await page.click('button:text-is("中文")');
      await page.fill('#q-0', '900.50');
      await page.press('#q-0', 'Enter');
      await says(page, '送货单已备好');
      equal(await page.locator('tbody tr').count(), 38, 'what is left out stays here');
      const first = await page.locator('tbody tr').first().innerText();
      ok(first.includes('900.50 米') && first.includes('B-07 <i>') && first.includes("收纳箱 <b>1</b> & 'PP'"), first);
      ok(!/6\.85|CNY |金额|单价/.test(await page.innerText('main')), 'a driver sees no price');
      await page.emulateMedia({ media: 'print' });
      for (const hidden of ['.top', '.done', '.back']) ok(await page.locator(hidden).first().isHidden(), `${hidden} is not printed`);
      equal(await page.locator('table.lines thead').evaluate((head) => getComputedStyle(head).display), 'table-header-group', 'columns keep their heads on each sheet');
      for (const said of ['顺风物流', '发货人', '收货人', '不登记发货']) ok(await page.getByText(said).first().isVisible(), `${said} is printed`);
      const code = page.locator('.paper svg');
      await code.scrollIntoViewIfNeeded();
      equal(scanned(await code.screenshot()), portal + path, 'a camera reads where the order is');
      equal(await sideways(page), [], 'and it fits the sheet');
      await page.emulateMedia({ media: 'screen' });
      await page.click('button:text-is("English")');
      await says(page, 'The note is ready');
      equal(await page.locator('tbody tr').count(), 38, 'it is the same paper in the other language');
      await page.click('button:text-is("中文")');
      await says(page, '送货单已备好');
      await page.click('button:text-is("修改")');
      await page.locator('#carrier').waitFor();
      equal([await page.inputValue('#q-0'), await page.inputValue('#q-1')], ['900.50', ''], 'it is mended from there');
    }));

  await test('an order of 120 lines is shown and answered in pages', () =>
    visit(shunmo, {}, async (page) => {
      const path = await open(page, publish({ lines: 120 }));
      equal(await page.locator('table.lines tbody tr').count(), 100, 'the first page');
      await page.click('a:text-is("更多订单行")');
      await page.waitForURL(/from=/);
      equal(await page.locator('table.lines tbody tr').count(), 20, 'the second');
      await page.goto(`${portal}${path}/change`);
      await page.click('a:text-is("更多订单行")');
      await page.waitForURL(/from=/);
      equal(await page.locator('#q-19').isVisible(), false, 'lines are folded');
      ok((await page.locator('#change').boundingBox()).height < 2_600, 'twenty of them are not far');
      const send = await page.locator('button:text-is("提交答复")').boundingBox();
      ok(send.y + send.height <= 640, 'and the answer is sent from wherever one is');
      const line = page.locator('[data-line]').nth(19);
      ok(/收纳箱.*20,000 个 · \d{4}年/s.test(await line.locator('> summary').innerText()), 'each says what is asked');
      await line.locator('> summary').click();
      await page.fill('#q-19', '0');
      await page.check('[name=rest-19][value=leave]');
      equal(await line.locator('.given').innerText(), '改为 0 个', 'and what is typed otherwise');
      await page.click('button:text-is("提交答复")');
      await says(page, '答复已送达');
      await says(page, '供应商答复 19 行');
      equal(await state(page), '待答复', 'the others still wait');
    }));

  await test('an order is printed as tables, with a code that leads back, and without what is internal', () =>
    // As fine as paper, which a code of an inch needs.
    visit(shunmo, { javaScriptEnabled: false, viewport: { width: 718, height: 1000 }, deviceScaleFactor: 3 }, async (page) => {
      const path = await open(page, publish({ lines: 12 }));
      await page.fill('#body', '内部：先问模具');
      await page.locator('#write input[type=radio]').last().check();
      await page.click('#write button');
      await page.locator('.said.internal').waitFor();
      await page.emulateMedia({ media: 'print' });
      for (const hidden of ['.top', '.answer', '#write', '.said.internal', '.ribbon']) {
        ok(await page.locator(hidden).first().isHidden(), `${hidden} is not printed`);
      }
      equal(await page.locator('table.lines thead').evaluate((head) => getComputedStyle(head).display), 'table-header-group', 'columns keep their heads on each sheet');
      const code = page.locator('.paper svg');
      await code.scrollIntoViewIfNeeded();
      equal(scanned(await code.screenshot()), portal + path, 'a camera reads where the order is');
      equal(await sideways(page), [], 'and it fits the sheet');
      ok((await page.locator('.paper p').innerText()).includes('扫码打开订单'), path);
    }));

  await test('an answer is printed on A4 as it was given, without what is internal', () =>
    visit(shunmo, { javaScriptEnabled: false, viewport: { width: 718, height: 1000 } }, async (page) => {
      const path = await open(page, publish());
      await page.fill('#body', '内部：夜班赶工');
      await page.locator('#write input[type=radio]').last().check();
      await page.click('#write button');
      await page.locator('.said.internal').waitFor();
      await page.goto(`${portal}${path}/change`);
      await page.fill('#q-0', '16000');
      await page.check('#rest-0');
      await page.fill('#d2-0', inDays(42));
      await page.click('button:text-is("提交答复")');
      await says(page, '答复已送达');
      await page.emulateMedia({ media: 'print' });
      equal(await unprintable(page), [], 'nothing of the screen is on the sheet');
      const text = await page.innerText('main');
      for (const said of ['待采购方确认', '16,000 个', '4,000 个', '已接受 20,000 个', '扫码打开订单']) ok(text.includes(said), `${said} is printed: ${text}`);
      ok(!text.includes('夜班赶工'), 'what is internal stays here');
      equal(await sideways(page), [], 'it fits the sheet');
      equal([...new Set(await sheets(page))], ['210 × 297'], 'which is A4');
    }));

  await test('a form sent twice at once, and again from the back button, has one effect', () =>
    visit(shunmo, { javaScriptEnabled: false }, async (page, context) => {
      const path = await open(page, publish());
      await page.goto(`${portal}${path}/accept`);
      const form = {};
      for (const name of ['token', 'revision']) form[name] = await page.inputValue(`form[data-once] [name=${name}]`);
      const send = () => context.request.post(`${portal}${path}/accept`, { form, headers: { origin: portal }, maxRedirects: 0 });
      const answers = await Promise.all([send(), send()]);
      equal(answers.map((answer) => answer.status()), [303, 303], 'both are told that it is done');
      await page.click('button:text-is("确认接受")');
      await says(page, '答复已送达');
      equal(await page.locator('.timeline li').count(), 2, 'published once, answered once');
    }));

  await test('a double tap has one effect', () =>
    visit(shunmo, {}, async (page) => {
      const path = await open(page, publish());
      await page.goto(`${portal}${path}/accept`);
      await page.dblclick('button:text-is("确认接受")');
      await says(page, '答复已送达');
      const effects = (await page.locator('.timeline li').count()) - 1;
      measured('double-tap', effects, 'effects');
      equal(effects, 1, 'answered once');
    }));

  await test('a despatch note of a long order goes on with further lines, and keeps what is said of the delivery', () =>
    visit(shunmo, {}, async (page) => {
      const path = await open(page, publish({ lines: 120 }));
      await page.goto(`${portal}${path}/accept`);
      await page.click('button:text-is("确认接受")');
      await says(page, '答复已送达');
      await page.click('a:text-is("打印送货单")');
      await page.fill('#carrier', '顺风物流');
      for (const at of Array(100).keys()) await page.fill(`#lot-${at}`, `批号 ${at} `.repeat(8));
      await page.click('button:text-is("生成送货单")');
      await says(page, '送货单已备好');
      equal(await page.locator('tbody tr').count(), 100, 'a long note, too');
      await page.click('button:text-is("修改")');
      await page.click('button:text-is("更多订单行")');
      await page.locator('[name=from]').waitFor({ state: 'attached' });
      equal([await page.inputValue('#carrier'), await page.inputValue('#lot-0')], ['顺风物流', ''], 'the head alone');
      equal(await page.locator('fieldset.entry').count(), 20, 'the others');
      await page.click('button:text-is("生成送货单")');
      await says(page, '送货单已备好');
      equal(await page.locator('tbody tr').count(), 20, 'another note');
    }));

  await test('another site’s form changes nothing', () =>
    visit(shunmo, {}, async (page, context) => {
      const path = await open(page, publish());
      await page.goto(`${portal}${path}/accept`);
      const form = {};
      for (const name of ['token', 'revision']) form[name] = await page.inputValue(`form[data-once] [name=${name}]`);
      for (const [id, origin] of [['D09', 'https://evil.example'], ['D10', 'null']]) {
        const answer = await context.request.post(`${portal}${path}/accept`, { form, headers: { origin } });
        equal(answer.status(), 403, `${id}: ${origin}`);
      }
      const answer = await context.request.post(`${portal}${path}/accept`, { form: { ...form, token: 'x.y' }, headers: { origin: portal } });
      equal(answer.status(), 403, 'nor does a token that is not ours');
      await page.goto(portal + path);
      equal(await state(page), '待答复', 'nothing happened');
    }));

  await test('an order is answered from the inbox in twelve presses of the keyboard', () =>
    visit(shunmo, {}, async (page) => {
      await publish({ due: inDays(1) });
      await page.goto(`${portal}/inbox`);
      let presses = 0;
      const press = async (key) => { presses += 1; await page.keyboard.press(key); };
      const follow = async () => { await Promise.all([page.waitForNavigation(), press('Enter')]); };
      const skip = async () => { await press('Tab'); await press('Enter'); await press('Tab'); };
      await skip();
      await follow();
      ok(new URL(page.url()).pathname.startsWith('/orders/'), `an order is open: ${page.url()}`);
      await skip();
      await follow();
      ok(page.url().endsWith('/accept'), `it is about to be accepted: ${page.url()}`);
      await skip();
      await follow();
      await says(page, '答复已送达');
      measured('answered-by-keyboard', presses, 'presses');
      ok(presses <= 12, `${presses} presses`);
    }));
}

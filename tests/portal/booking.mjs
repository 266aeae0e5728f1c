// Hours that are offered, held and used in an order, by people of both firms. With scripts and without.

import { equal, ok, phone, portal, sandbox, says, test, visit, ways } from './browser.mjs';
import { sideways } from './pages.mjs';

const [shunmo] = sandbox.suppliers;
const { anchors: [chengyu] } = sandbox;
const yuanzhang = sandbox.anchors.find((one) => one.id === 'A3');
const hengmao = sandbox.suppliers.find((one) => one.id === 'S2');
const stamp = Date.now().toString(36).toUpperCase();

const send = (page, text) => page.click(`main form button:text-is("${text}")`);
/** The first row of a list that says something, which is the newest of reservations. */
const row = (page, text) => page.locator('tbody tr', { hasText: text }).first();

export async function booking() {
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    const options = { javaScriptEnabled };
    const mark = `${stamp}${javaScriptEnabled ? 'A' : 'B'}`;
    const machine = `280 t 演示机 ${mark}`;

    await test(`spare hours are offered, and no more than there are, ${how}`, async () => {
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/capacity/offers`);
        await says(page, '双方都不承担义务');
        await page.click('a:text-is("发布产能")');
        await page.click('a:text-is("S1-G2 中机组 200–380 t")');
        await says(page, '不构成交付义务');
        await page.fill('#process', '注塑');
        await page.fill('#machine', machine);
        await page.fill('#materials', 'PP、ABS');
        await page.fill('#price', '180');
        await send(page, '发布');
        await says(page, '请至少填写一周的发布量');
        const week = page.locator('input[name^="w-"]').nth(3);
        await week.fill('八');
        await send(page, '发布');
        await says(page, '填写有误');
        equal(await page.inputValue('#machine'), machine, 'what was typed is kept');
        await week.fill('9999');
        await send(page, '发布');
        await says(page, '只余');
        await week.fill('8');
        await send(page, '发布');
        await says(page, '已发布');
        ok(await row(page, machine).isVisible(), 'it stands among the own offers');
        // The red week's hours are a forecast's: offered only by those who say so.
        await page.goto(`${portal}/capacity/offers/new`);
        await page.click('a:text-is("S1-G3 大机组 500–650 t")');
        await page.fill('#process', '注塑');
        ok(!(await page.locator('[name=despite]').count()), 'nothing is asked before it is refused');
        const red = page.locator('input[name^="w-"]').nth(5);
        await red.fill('230');
        await send(page, '发布');
        await says(page, '除预测需求外只余');
        equal(await red.inputValue(), '230', 'what was typed is kept');
        await page.check('[name=despite]');
        await page.fill('#process', '');
        await send(page, '发布');
        ok(await page.isChecked('[name=despite]'), 'and what was ticked');
      });
    });

    await test(`a buyer holds them, confirms, and orders, ${how}`, async () => {
      let order;
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/capacity/offers`);
        await row(page, machine).getByRole('link', { name: '预占' }).click();
        await send(page, '预占');
        await says(page, '请至少填写一个时段的数量');
        await page.locator('input[name^="b-"]').first().fill('9');
        await send(page, '预占');
        await says(page, '余量不足');
        await page.locator('input[name^="b-"]').first().fill('6');
        await send(page, '预占');
        await says(page, '请在到期前确认');
        const held = row(page, '6 小时');
        ok(/剩 \d+ (小时|分钟|天)/.test(await held.innerText()), 'how much time is left');
        await held.getByRole('button', { name: '确认' }).click();
        await says(page, '下一步');
        await row(page, '6 小时').getByRole('link', { name: '用于订单' }).click();
        equal(await page.inputValue('#item'), `注塑 ${machine}`, 'what is ordered is named');
        equal(await page.inputValue('#price'), '180', 'an hour costs what its seconds do');
        await page.fill('#number', `K${mark}`);
        await send(page, '发布订单');
        await says(page, '单价是否含税');
        await page.check('#tax-no');
        await send(page, '发布订单');
        await page.waitForURL(/\/orders\//);
        order = new URL(page.url()).pathname;
        await says(page, '使用产能预占');
        await page.goto(`${portal}/capacity/reservations`);
        await says(page, '已用于订单');
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(portal + order);
        await says(page, '使用产能预占');
        await page.goto(`${portal}/capacity/reservations`);
        await says(page, '其他企业预占的本企业产能');
        await page.goto(`${portal}/capacity/offers`);
        await row(page, machine).getByRole('link', { name: '停止发布' }).click();
        await send(page, '停止发布');
        await says(page, '已被预占的仍然有效');
      });
    });

    await test(`the neighbour’s hours are held and given back, ${how}`, async () => {
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/capacity/reservations`);
        await says(page, '40 小时');
        await page.goto(`${portal}/capacity/offers`);
        await page.click('a:text-is("注塑 650 t 二号机")');
        await says(page, '邻益注塑');
        await page.click('a:text-is("预占")');
        await page.locator('input[name^="b-"]').first().fill('41');
        await send(page, '预占');
        await says(page, '本产能其他时段仍可预占');
        await page.locator('input[name^="b-"]').first().fill('3');
        await send(page, '预占');
        await row(page, '3 小时').getByRole('link', { name: '释放' }).click();
        await send(page, '释放');
        await says(page, '已释放');
      });
    });

    await test(`an instrument is offered by the slot, and a slot is held as a whole, ${how}`, async () => {
      const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
      await visit(yuanzhang, options, async (page) => {
        await page.goto(`${portal}/capacity/offers/new`);
        await page.click('a:text-is("按时段发布")');
        await page.fill('#first', day(22));
        await page.fill('#last', day(28));
        await page.check('#day-2');
        await page.fill('#from', '14:00');
        await page.fill('#until', '13:00');
        await page.fill('#process', '三坐标测量');
        await page.fill('#machine', machine);
        await send(page, '发布');
        await says(page, '结束时间须晚于开始时间');
        ok(await page.isChecked('#day-2') && await page.inputValue('#from') === '14:00', 'what was typed is kept');
        await page.fill('#until', '16:30');
        await send(page, '发布');
        await says(page, '已发布');
        await row(page, machine).locator('a.to').click();
        await says(page, '（周三）14:00–16:30');
      });
      await visit(hengmao, { ...options, viewport: phone }, async (page) => {
        await page.goto(`${portal}/capacity/offers`);
        await row(page, machine).getByRole('link', { name: '预占' }).click();
        await send(page, '预占');
        await says(page, '预占哪些时段');
        equal([await page.locator('[role=alert]').count(), await sideways(page)], [1, []], 'a slot has to be chosen');
        await page.locator('main label', { hasText: '（周三）14:00–16:30' }).click();
        await send(page, '预占');
        await row(page, '14:00–16:30').getByRole('link', { name: '释放' }).click();
        await send(page, '释放');
        await says(page, '已释放');
      });
    });

    await test(`borrowed hours turn the red week orange, and red again without them, ${how}`, async () => {
      await visit(shunmo, options, async (page) => {
        const choose = async (group) => {
          await page.goto(`${portal}/capacity/reservations`);
          await row(page, '40 小时').getByRole('link', { name: '计入产能组' }).click();
          await page.locator('main label', { hasText: group }).click();
          await send(page, '计入产能组');
        };
        await page.goto(`${portal}/capacity/reservations`);
        await row(page, '40 小时').getByRole('link', { name: '计入产能组' }).click();
        await says(page, '需求 250 小时，最大产能 240 小时');
        await send(page, '计入产能组');
        equal(await page.locator('[role=alert]').count(), 1, 'a group has to be chosen');
        await choose('S1-G3');
        await page.waitForURL(/\/capacity\/groups\//);
        await says(page, '当周的计划与最大产能已增加');
        await says(page, '超出计划 6 小时，仍在最大产能内');
        const lent = page.locator('.chosen li', { hasText: '邻益注塑' });
        ok((await lent.innerText()).includes('40 小时'), 'who lends them, and how many');
        const group = page.url();
        await page.goto(`${portal}/capacity`);
        const cell = page.locator('.heat td', { hasText: '其中借入 40 小时' });
        ok((await cell.innerText()).includes('借 40'), 'the map shows what is lent');
        await page.goto(`${portal}/capacity/reservations`);
        await says(page, '已计入：S1-G3');
        equal(await sideways(page), [], 'reservations');
        await page.goto(group);
        equal(await sideways(page), [], 'the group');
        await choose('不再计入任何产能组');
        await says(page, '预占仍然保留');
        await page.goto(group);
        await says(page, '超出最大产能 10 小时');
        equal(await page.locator('.chosen li', { hasText: '邻益注塑' }).count(), 0, 'nobody lends');
      });
    });
  }
}

// Weeks of capacity as a table: out, filled in, back, and what is wrong with it. Without scripts, which add nothing to it.

import { readFileSync } from 'node:fs';

import { equal, ok, portal, sandbox, says, test, visit } from './browser.mjs';
import { monday } from './capacity.mjs';

const [shunmo] = sandbox.suppliers;

export async function capacitySheets() {
  // Weeks of which nobody has said anything, other tests neither.
  const [from, next] = [monday(92), monday(104)];
  await test('weeks of capacity go out in a table and come back as what was changed, or in red', () =>
    visit(shunmo, { javaScriptEnabled: false }, async (page, context) => {
      const table = async (format) => (await context.request.get(`${portal}/capacity/export?from=${from}&format=${format}`)).body();
      const lines = async () => (await table('csv')).toString('utf8').split('\r\n');
      const send = async (name, content) => {
        await page.goto(`${portal}/capacity/sheets?from=${from}`);
        await page.setInputFiles('#file', { name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
        await page.click('button:text-is("上传并保存")');
        await page.locator('.done, .errors').waitFor();
      };
      await page.goto(`${portal}/capacity/edit?from=${from}`);
      const shown = () => new URL(page.url()).searchParams.get('from');
      await Promise.all([page.waitForNavigation(), page.click('main a[href^="/capacity/sheets"]')]);
      equal(shown(), from, 'the weeks that are looked at are those of the table');
      await Promise.all([page.waitForNavigation(), page.click('.turn [rel=next]')]);
      equal(shown(), next, 'and can be turned');

      const first = await lines();
      const at = first.findIndex((line) => line.startsWith('S1-G1'));
      const figures = (all) => [at, at + 1, at + 2].map((row) => all[row].split(',').slice(4, 7).join('/'));
      const changed = (all, figuresOf) => all.map((line, row) => {
        if (!figuresOf[row - at]) return line;
        const cells = line.split(',');
        cells.splice(4, 3, ...figuresOf[row - at].split('/'));
        return cells.join(',');
      }).join('\r\n');
      equal(figures(first), ['//', '//', '//'], 'nothing is known of these weeks yet');

      const workbook = await table('');
      equal(workbook.subarray(0, 2).toString(), 'PK', 'a workbook');
      await send('产能.xlsx', workbook);
      await says(page, '没有需要提交的变更');
      await send('产能.csv', first.join('\r\n'));
      await says(page, '没有需要提交的变更');
      await send('乱.xlsx', 'PK\x03\x04 nothing');
      await says(page, '文件无法读取');

      await send('产能.csv', changed(first, ['204/240/150', '200//']));
      await says(page, '已保存 2 周产能');
      const second = await lines();
      equal(figures(second), ['204/240/150', '200/200/', '//'], 'what was typed is stated');
      await send('产能.csv', first.join('\r\n'));
      await says(page, '没有需要提交的变更');
      await send('产能.csv', changed(first, ['300//']));
      await says(page, '有 1 处需要改正');
      equal(figures(await lines()), figures(second), 'a table that is out of date overwrites nothing');

      const wrong = changed(second, ['many/240/150', '200/100/', '180//']);
      await send('产能.csv', wrong);
      await says(page, '有 2 处需要改正');
      const told = await page.innerText('table');
      ok(told.includes('计划产能') && told.includes('最大产能'), `the columns are named: ${told}`);
      const saved = page.waitForEvent('download');
      await page.click('button:text-is("下载错误文件")');
      const download = await saved;
      equal(download.suggestedFilename(), '产能.err.xlsx', 'the same file in red');
      await send('产能.err.xlsx', readFileSync(await download.path()));
      await says(page, '有 2 处需要改正');
      equal(figures(await lines()), figures(second), 'and nothing of it was taken, what is right neither');
    }));
}

// A buyer brings its suppliers along: hundreds at once, as a list that comes back with what is wrong.

import { readFileSync } from 'node:fs';

import { equal, ok, portal, sandbox, says, test, visit } from './browser.mjs';

const { anchors: [chengyu] } = sandbox;
const SUPPLIERS = 500;

const name = (at) => `名录供应商 ${at}（示例）`;
const number = (at) => `ON${String(at).padStart(4, '0')}`;
const mail = (at) => `sales${at}@example.com`;

/** The list as a buyer has it, with one row that has no name, one whose address is none, and one number twice. */
function list() {
  const lines = ['名称,供应商编码,邮箱'];
  for (let at = 1; at <= SUPPLIERS; at += 1) {
    lines.push([at === 7 ? '' : name(at), number(at === 500 ? 1 : at), at === 250 ? 'nobody' : mail(at)].join(','));
  }
  return `\ufeff${lines.join('\r\n')}\r\n`;
}

export async function onboarding() {
  await test('five hundred suppliers are invited from a list, three rows of which come back and are mended', () =>
    visit(chengyu, { javaScriptEnabled: false }, async (page, context) => {
      const send = async (text) => {
        await page.goto(`${portal}/partners/invite/list`);
        await page.setInputFiles('#file', { name: '供应商.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
        await page.click('button:text-is("邀请这些供应商")', { timeout: 60_000 });
        await page.locator('.done').waitFor({ timeout: 60_000 });
      };
      await send(list());
      await says(page, `已邀请 ${SUPPLIERS - 3} 家供应商`);
      await says(page, '3 行没有完成');
      equal(await page.locator('tbody tr').count(), SUPPLIERS, 'each row has a result');
      equal(await page.locator('td.linked input').count(), SUPPLIERS - 3, 'and each of those invited a link');
      const faults = await page.locator('td.linked .fault').allInnerTexts();
      equal(faults, ['请填写“供应商名称”。', '“邮箱”填写有误，请核对。', '与第 1 行的供应商编码相同。'], 'the others say what is wrong');
      const saved = page.waitForEvent('download');
      await page.click('button:text-is("下载清单（CSV）")');
      const download = await saved;
      equal(download.suggestedFilename(), 'invitations.csv', 'the list is saved');
      const lines = readFileSync(await download.path(), 'utf8').split('\r\n');
      equal(lines.filter((line) => line.includes(`${portal}/i/`)).length, SUPPLIERS - 3, 'with the links in it');
      ok(lines[7].startsWith(`,${number(7)}`) && lines[250].includes('nobody') && lines[500].includes(number(1)), 'row by row as it was sent');
      lines[7] = name(7) + lines[7];
      lines[250] = lines[250].replace('nobody', mail(250));
      lines[500] = lines[500].replace(number(1), number(500));
      await send(lines.join('\r\n'));
      await says(page, '已邀请 3 家供应商');
      equal(await page.locator('td.linked input').count(), 3, 'the mended rows have their links now');
      equal(await page.locator('.fault').count(), 0, 'nothing is wrong any more, and nobody is invited twice');
      const exported = async (format) => (await context.request.get(`${portal}/partners/export?format=${format}`)).body();
      const partners = (await exported('csv')).toString('utf8').split('\r\n').filter((line) => line.includes('名录供应商'));
      equal(partners.length, SUPPLIERS, 'all of them are in the list of partners that is saved, beyond its first page');
      equal((await exported('')).subarray(0, 2).toString(), 'PK', 'as a workbook, too');
    }));
}

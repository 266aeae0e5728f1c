// An invitation with a mail address, which whoever reads the mail there accepts: the code is asked for, mailed and typed.

import { byTurns, equal, ok, portal, publish, sandbox, says, test, visit } from './browser.mjs';
import { mailed } from './mails.mjs';
import { fit } from './requests.mjs';

const { anchors: [chengyu] } = sandbox;
const [PERSON, FIRM] = ['何清', '验码纸箱（示例）有限公司'];
/** The address as far as it is shown to whoever holds the link. */
const SHOWN = 'h***@example.invalid';

/** A supplier that its buyer invites by an address as well: its link, and the order that waits for it. */
async function invited(number, mail, options) {
  const link = await visit(chengyu, options, async (page) => {
    await page.goto(`${portal}/partners/invite`);
    await page.fill('#name', '验码纸箱（示例）厂');
    await page.fill('#vendor_number', number);
    await page.fill('#mail', mail);
    await page.click('form#ask .actions button');
    return page.inputValue('td.linked input');
  });
  return { link, order: publish({ supplier: { firm: number } }) };
}

/** A code that is not this one. */
const other = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

const typed = (page) => Promise.all(['#name', '#firm', '#code'].map((field) => page.inputValue(field)));

export async function invitationCode() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false }]])) {
    await test(`an invitation is accepted with the code that was mailed, ${words}`, async () => {
      const number = `M${Date.now().toString(36).toUpperCase()}`;
      const mail = `he.${number.toLowerCase()}@example.invalid`;
      const { link, order } = await invited(number, mail, options);
      await visit(null, options, async (page) => {
        await page.goto(link);
        await says(page, SHOWN);
        ok(!(await page.content()).includes(mail), 'whose address it is, the link alone does not tell');
        const fields = await page.locator('main :is(input, select, textarea):visible').count();
        ok(fields <= 6, `${fields} fields`);
        await fit(page, 'the form', options);
        await page.fill('#name', PERSON);
        await page.fill('#firm', FIRM);
        await page.click('#join .field button');
        await says(page, `验证码已发送到 ${SHOWN}`);
        equal(await typed(page), [PERSON, FIRM, ''], 'what was typed is kept while the code is on its way');
        await fit(page, 'the form whose code was sent', options);

        const [, code] = (await mailed(mail)).match(/验证码：(\d{6})/);
        await page.fill('#code', other(code));
        await page.click('#join > .actions button');
        await says(page, '不是最近一次发送的验证码，请核对。');
        equal(await typed(page), [PERSON, FIRM, other(code)], 'what was typed is kept beside what is wrong');
        equal(await page.getAttribute('#code', 'aria-invalid'), 'true', 'which is said at the code');
        await fit(page, 'the form that came back', options);

        // As people copy it; and Enter accepts, it does not ask for another one.
        await page.fill('#code', `${code.slice(0, 3)} ${code.slice(3)}`);
        await page.press('#code', 'Enter');
        await page.waitForURL(/inbox/);
        await page.click(`a:text-is("${order}")`);
        await page.waitForURL(/\/orders\//);
        await page.goto(link);
        await says(page, '链接已使用过');
      });
    });
  }
}

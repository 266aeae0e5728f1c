// What the operator does to firms, and what a firm sets up of its own: forms that are filled in wrong and right, what they
// say, and what stands in the lists afterwards. By firms of their own, without scripts, and one with them.

import { enter, equal, ok, portal, sandbox, says, test, until, visit, ways } from './browser.mjs';
import { call } from './requests.mjs';

const { operator } = sandbox;
const stamp = Date.now().toString(36).toUpperCase();
/** What scripts add to a form or a list is the same on each page: one test has it with them, the others go without. */
const plain = { javaScriptEnabled: false };

/** Sends the form of the page, and waits for the page that comes of it. */
const send = (page) => Promise.all([page.waitForNavigation(), page.locator('form#ask .actions button').click()]);

/** Sends the form, which comes back and says above and beside the field what is wrong with it. */
async function refused(page, field) {
  await send(page);
  ok(await page.locator(`#${field}-fault`).isVisible(), `${field} is named`);
  return page.innerText('.errors');
}

/** Follows a button of the page by its words. */
const act = (page, label) => Promise.all([page.waitForNavigation(), page.click(`main .actions a:text-is("${label}")`)]);

const row = (page, text) => page.locator('main tbody tr', { hasText: text });
const tags = (page, text) => row(page, text).locator('.tag').allInnerTexts();

/** Asks what a page answers to whoever is signed in now: each time, although a refusal makes a browser forget who that was. */
async function session(context) {
  const cookies = await context.cookies();
  return async () => {
    await context.addCookies(cookies);
    return (await context.request.get(`${portal}/settings`)).status();
  };
}

/** A firm of its own, and the link of its administrator. */
async function newcomer(name) {
  const made = await call(operator, 'FirmService/CreateFirm', { name, adminName: '周芳', adminLocale: 'zh' }, 'partners');
  return { id: made.firm.id, name, link: portal + made.signInPath };
}

/** Makes a firm on its page, after a form that comes back; the link of its administrator. */
async function made(page, name, code) {
  await page.goto(`${portal}/operator/firms`);
  await act(page, '新建企业');
  await page.fill('#name', name);
  await page.fill('#uscc', code);
  ok((await refused(page, 'admin_name')).includes('管理员姓名'), 'a firm needs somebody');
  equal([await page.inputValue('#name'), await page.inputValue('#uscc')], [name, code], 'what was typed is kept');
  await page.fill('#admin_name', '周芳');
  await send(page);
  ok(!(await page.innerText('main')).includes('有效期至'), 'nothing is said of an end that is not known');
  return page.inputValue('#link');
}

/** Suspends the firm whose page this is, whose people are out at once, and lets them in again. */
async function suspended(page, name, answers) {
  await act(page, '暂停企业');
  await says(page, '其密钥、登录和链接立即失效');
  await page.fill('#reason', '冒用营业执照');
  await send(page);
  equal(await page.innerText('h1 .tag'), '已暂停', 'the firm is suspended');
  await until('its people are out', async () => (await answers()) === 401);
  const firm = page.url().split('?')[0];
  await page.goto(`${portal}/operator/firms?state=suspended&q=${encodeURIComponent(name)}`);
  equal((await tags(page, name)).at(-1), '已暂停', 'and stands among those that are');
  await page.goto(firm);
  await act(page, '恢复企业');
  await page.fill('#reason', '已核实');
  await send(page);
  equal(await page.innerText('h1 .tag'), '正常', 'it goes on');
  await until('its people are in again', async () => (await answers()) === 200);
}

async function caredFor() {
  const [name, code] = [`新华塑料 ${stamp}`, `91${stamp}`];
  await visit(operator, plain, async (page) => {
    const link = await made(page, name, code);
    await page.goto(`${portal}/operator/firms?q=${encodeURIComponent(name)}`);
    equal(await tags(page, name), ['待核实', '正常'], 'it waits to be verified');
    await Promise.all([page.waitForNavigation(), row(page, name).locator('th a').click()]);
    const standing = () => page.innerText('dl.facts');
    ok((await standing()).includes('校验位不符'), 'a code that is none is looked at by a person');
    await act(page, '认证');
    ok((await refused(page, 'reason')).includes('看了什么材料'), 'nobody is verified for nothing');
    await page.fill('#reason', '营业执照原件 <b>');
    await send(page);
    await says(page, '该企业可以看到这次操作和原因');
    await page.reload();
    ok((await standing()).includes('已认证'), 'it is verified');
    await enter(link, plain, async (theirs, context) => {
      await theirs.goto(`${portal}/platform-actions`);
      ok((await row(theirs, '认证企业').innerText()).includes('营业执照原件 <b>'), 'the firm reads what was looked at');
      const answers = await session(context);
      // What is open would be told that it is out, too; here the answers count.
      await theirs.goto('about:blank');
      await act(page, '撤销认证');
      await page.fill('#reason', '执照已过期');
      await send(page);
      ok((await standing()).includes('未认证'), 'it is verified no more');
      await suspended(page, name, answers);
    });
    await act(page, '重设管理员');
    await page.fill('#reason', '原管理员离职');
    await refused(page, 'name');
    equal(await page.inputValue('#reason'), '原管理员离职', 'what was typed is kept');
    await page.fill('#name', '何新');
    await send(page);
    await enter(await page.inputValue('#link'), plain, async (theirs) => {
      await theirs.goto(`${portal}/members`);
      ok((await row(theirs, '何新').innerText()).includes('管理员'), 'another one administers the firm');
    });
    await page.goto(`${portal}/operator/actions`);
    const done = await row(page, name).locator('th').allInnerTexts();
    const kinds = ['重设管理员', '恢复企业', '暂停企业', '撤销认证', '认证企业'];
    equal(done.map((one) => kinds.find((kind) => one.startsWith(kind))), kinds, 'all of it is written down, the newest first');
  });
}

async function merged() {
  const name = `合并包装 ${stamp}`;
  const [twice, stays] = [await newcomer(name), await newcomer(`${name} 总厂`)];
  await visit(operator, plain, (page) => enter(twice.link, plain, async (theirs, context) => {
    const answers = await session(context);
    await theirs.goto('about:blank');
    await page.goto(`${portal}/operator/firms/${twice.id}/merge`);
    equal(await page.inputValue('main #q'), name, 'who is here twice has the same name, as a rule');
    const look = async (text) => {
      await page.fill('main #q', text);
      await Promise.all([page.waitForNavigation(), page.click('main form.search button')]);
    };
    await look('没有这样的企业');
    await says(page, '没有找到可以保留的企业');
    await look(name);
    equal(await page.locator('[name=survivor]').count(), 1, 'all but itself');
    await page.fill('#reason', '同一企业重复注册');
    ok((await refused(page, 'survivor')).includes('保留哪一家企业'), 'one has to be chosen');
    equal(await page.inputValue('#reason'), '同一企业重复注册', 'what was typed is kept');
    await page.check(`#survivor-${stays.id}`);
    await send(page);
    equal(new URL(page.url()).pathname, `/operator/firms/${stays.id}`, 'the one that stays has more to say');
    await says(page, '该企业可以看到这次操作和原因');
    await until('its people are out', async () => (await answers()) === 401);
    await page.goto(`${portal}/operator/firms?state=claimed&q=${encodeURIComponent(name)}`);
    equal(await tags(page, name), ['已并入其他企业'], 'it is another firm by now');
    await page.goto(`${portal}/operator/firms/${twice.id}`);
    equal(await page.locator('main .actions a').count(), 0, 'and nothing is done to it any more');
    await enter(stays.link, plain, async (own) => {
      await own.goto(`${portal}/platform-actions`);
      ok((await row(own, '合并企业').innerText()).includes('同一企业重复注册'), 'the one that stays reads why');
    });
  }));
}

async function clustered(options) {
  const mark = `${stamp}${options.javaScriptEnabled ? 'A' : 'B'}`;
  const [cluster, firm] = [`注塑集群 ${mark}`, await newcomer(`集群企业 ${mark}`)];
  await visit(operator, options, (page) => enter(firm.link, options, async (theirs) => {
    await page.goto(`${portal}/clusters`);
    await act(page, '新建集群');
    await refused(page, 'name');
    await page.fill('#name', cluster);
    await send(page);
    await says(page, '还没有成员');
    const path = new URL(page.url()).pathname;
    const invite = async () => {
      await page.goto(`${portal}/operator/firms/${firm.id}/cluster`);
      await refused(page, 'cluster');
      await page.check(`#cluster-${path.split('/')[2]}`);
      await send(page);
      await says(page, '已发出邀请');
    };
    const answer = async (label, said) => {
      await theirs.goto(`${portal}/clusters`);
      await Promise.all([theirs.waitForNavigation(), row(theirs, cluster).locator('a.button', { hasText: label }).click()]);
      await send(theirs);
      await says(theirs, said);
    };
    const seen = async () => {
      await page.goto(portal + path);
      return tags(page, firm.name);
    };
    await invite();
    equal(await seen(), ['已邀请'], 'the firm is asked');
    await answer('加入集群', '已加入集群');
    await Promise.all([theirs.waitForNavigation(), row(theirs, cluster).locator('th a').click()]);
    equal(await tags(theirs, firm.name), ['已加入'], 'members see who belongs to it');
    equal(await seen(), ['已加入'], 'and so does who runs it');
    await answer('退出集群', '已退出或谢绝');
    await theirs.goto(`${portal}/clusters`);
    equal([await row(theirs, cluster).count(), await seen()], [0, ['已退出']], 'it has left');
    await invite();
    await answer('谢绝邀请', '已退出或谢绝');
    await theirs.goto(`${portal}/clusters`);
    equal(await row(theirs, cluster).count(), 0, 'and does not come back');
  }));
}

async function delivered() {
  const firm = await newcomer(`推送企业 ${stamp}`);
  await visit(operator, plain, (page) => enter(firm.link, plain, async (theirs) => {
    const shown = async (label) => {
      await page.goto(`${portal}/operator/webhooks`);
      const cell = row(page, firm.name).locator(`td[data-label="${label}"]`);
      return (await cell.count()) ? cell.innerText() : '';
    };
    equal(await shown('失败重试中'), '', 'nothing was sent yet');
    await theirs.goto(`${portal}/webhooks/new`);
    await theirs.fill('#name', 'ERP');
    await theirs.fill('#url', 'http://127.0.0.1:9/secret-hook');
    await theirs.locator('main form .actions button').click();
    await theirs.locator('#secret').waitFor();
    // A firm hears that it was verified: something to deliver, which nobody takes.
    await call(operator, 'OperatorService/VerifyFirm', { firmId: firm.id, evidence: '营业执照' }, 'partners');
    await until('the operator sees since when', () => shown('最早失败时间'));
    equal([await shown('失败重试中'), await shown('企业已暂停')], ['1', ''], 'whom to call');
    ok(!(await page.content()).includes('secret-hook'), 'and not where to it is sent');
    await theirs.goto(`${portal}/webhooks`);
    await theirs.getByRole('link', { name: 'ERP', exact: true }).click();
    await theirs.uncheck('[name=enabled]');
    await theirs.locator('main form .actions button').click();
    await theirs.locator('.notice').waitFor();
    equal([await shown('失败重试中'), await shown('企业已暂停')], ['', '1'], 'the firm has paused it');
    await Promise.all([page.waitForNavigation(), row(page, firm.name).locator('th a').click()]);
    equal(new URL(page.url()).pathname, `/operator/firms/${firm.id}`, 'which leads to the firm');
  }));
}

/** Adds a site and a purchasing group to the firm whose administrator's page this is, with another name in the end. */
async function placed(page) {
  await page.goto(`${portal}/sites`);
  await act(page, '添加场地');
  await page.fill('#code', 'NT-1');
  await page.fill('#name', '一厂 <b>');
  await page.fill('#country', 'china');
  await refused(page, 'country');
  equal([await page.inputValue('#code'), await page.inputValue('#name')], ['NT-1', '一厂 <b>'], 'what was typed is kept');
  await page.fill('#country', 'cn');
  await send(page);
  await says(page, '已保存');
  await page.reload();
  const shown = await row(page, 'NT-1').innerText();
  ok(shown.includes('一厂 <b>') && shown.includes('CN'), `the site stands there: ${shown}`);
  await act(page, '添加场地');
  await page.fill('#code', 'NT-1');
  await page.fill('#name', '二厂');
  ok((await refused(page, 'code')).includes('已被另一个场地使用'), 'a code is one site’s');
  await page.goto(`${portal}/purchasing-groups`);
  await act(page, '添加采购组');
  await page.fill('#name', '塑料组');
  await refused(page, 'code');
  await page.fill('#code', '001');
  await send(page);
  await says(page, '已保存');
  await Promise.all([page.waitForNavigation(), row(page, '塑料组').locator('a.button', { hasText: '改名' }).click()]);
  equal([await page.innerText('h1'), await page.inputValue('#code')], ['改名', '001'], 'zeros in front count');
  await page.fill('#name', '');
  await refused(page, 'name');
  equal(await page.innerText('h1'), '改名', 'it is the same page that comes back');
  await page.fill('#name', '注塑组');
  await send(page);
  await page.reload();
  equal([await row(page, '塑料组').count(), await row(page, '注塑组').count()], [0, 1], 'it has another name');
}

async function staffed() {
  const firm = await newcomer(`用人企业 ${stamp}`);
  await enter(firm.link, plain, async (page) => {
    await placed(page);
    await page.goto(`${portal}/members`);
    await act(page, '添加成员');
    await page.fill('#name', '钱进 <b>');
    ok((await refused(page, 'role')).includes('请填写'), 'a member does something');
    equal(await page.inputValue('#name'), '钱进 <b>', 'what was typed is kept');
    for (const box of ['#role-2', '#site-NT-1', '#group-001']) await page.check(box);
    await send(page);
    await says(page, '已添加成员');
    await page.reload();
    const member = row(page, '钱进 <b>');
    const shown = await member.innerText();
    for (const text of ['采购', 'NT-1、001', '可用']) ok(shown.includes(text), `${text} is said: ${shown}`);
    const change = async () => {
      await page.goto(`${portal}/members`);
      await Promise.all([page.waitForNavigation(), member.locator('th a').click()]);
    };
    await member.locator('button').click();
    await enter(await page.inputValue('#link'), plain, async (theirs, context) => {
      const writes = async () => {
        await theirs.goto(`${portal}/purchases`);
        return theirs.locator('main a[href="/purchases/new"]').count();
      };
      ok(await writes(), 'who buys may order');
      await says(theirs, '我的采购组：001');
      await change();
      ok(await page.isChecked('#role-2') && await page.isChecked('#group-001'), 'what there is is ticked');
      await page.uncheck('#role-2');
      await page.uncheck('#group-001');
      await refused(page, 'role');
      ok(!(await page.isChecked('#group-001')) && await page.isChecked('#site-NT-1'), 'what was ticked otherwise is kept');
      await page.check('#role-4');
      await send(page);
      await says(page, '已保存');
      await page.reload();
      const now = await member.innerText();
      ok(now.includes('只读') && now.includes('NT-1') && !now.includes('001'), `another role, and all groups: ${now}`);
      await until('who reads orders nothing', async () => !(await writes()));
      const answers = await session(context);
      await theirs.goto('about:blank');
      await change();
      await page.check('#disabled-yes');
      await send(page);
      equal([await tags(page, '钱进 <b>'), await member.locator('button').count()], [['已停用'], 0], 'no link is made for who is out');
      await until('who is disabled is out', async () => (await answers()) === 401);
    });
    await page.goto(`${portal}/purchasing-groups`);
    await Promise.all([page.waitForNavigation(), row(page, '注塑组').locator('a.button', { hasText: '删除' }).click()]);
    await says(page, '订单上的代码不变');
    await send(page);
    await says(page, '已删除');
    equal(await row(page, '注塑组').count(), 0, 'the name is gone');
  });
}

async function translated() {
  const firm = await newcomer(`对照企业 ${stamp}`);
  await enter(firm.link, plain, async (page) => {
    await page.goto(`${portal}/aliases`);
    await act(page, '添加一条');
    await page.fill('#written', '只');
    await page.fill('#meaning', 'pieces');
    await refused(page, 'meaning');
    equal([await page.inputValue('#written'), await page.inputValue('#meaning')], ['只', 'pieces'], 'what was typed is kept');
    await page.fill('#meaning', 'H87');
    await send(page);
    await says(page, '新增 1 条，修改 0 条，未变 0 条');
    ok((await row(page, '只').innerText()).includes('H87 · 个'), 'a unit means what a standard says');
    await act(page, '添加一条');
    await page.check('#kind-tax');
    await page.fill('#written', 'J1');
    await page.fill('#meaning', 'S');
    await page.fill('#rate', 'x');
    await refused(page, 'rate');
    ok(await page.isChecked('#kind-tax'), 'and what was chosen');
    await page.fill('#rate', '13');
    await send(page);
    ok((await row(page, 'J1').innerText()).includes('S · 13 %'), 'a tax code has a rate');
    await act(page, '上传清单');
    const list = (unit) => ({ name: '对照.csv', mimeType: 'text/csv',
      buffer: Buffer.from(`类别,原文,含义,税率\r\n单位,箱,${unit},\r\n单位,只,H87,\r\n税码,J2,S,9\r\n`) });
    await page.setInputFiles('#file', list('cases'));
    ok((await refused(page, 'file')).includes('第 1 行（箱）的“含义”'), 'the row that is wrong is named');
    await page.setInputFiles('#file', list('XBX'));
    await send(page);
    await says(page, '新增 2 条，修改 0 条，未变 1 条');
    await page.goto(`${portal}/aliases`);
    ok((await row(page, 'J2').innerText()).includes('S · 9 %'), 'the whole list was taken');
    await Promise.all([page.waitForNavigation(), row(page, '只').locator('button').click()]);
    await says(page, '已删除');
    await page.goto(`${portal}/aliases`);
    equal([await row(page, '只').count(), await row(page, '箱').count()], [0, 1], 'one is gone, the others stay');
  });
}

export async function operating() {
  await test('a firm is made, verified, suspended and given another administrator', caredFor);
  await test('a firm that is here twice becomes one', merged);
  for (const javaScriptEnabled of ways()) {
    const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
    await test(`firms join a cluster by their own consent, and leave it, ${how}`, () => clustered({ javaScriptEnabled }));
  }
  await test('the operator sees whose deliveries fail, and not where to', delivered);
  await test('people, sites and purchasing groups are added and changed', staffed);
  await test('what an ERP writes is given its meaning, one by one and as a list', translated);
}

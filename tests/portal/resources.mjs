// Digital resources: an owner publishes one and revises it, a supplier finds it, asks for it, takes note of it and follows,
// and loses it again. With scripts and without.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { byTurns, equal, measured, ok, portal, sandbox, says, test, visit } from './browser.mjs';
import { fit } from './requests.mjs';

const { anchors: [chengyu], suppliers: [shunmo] } = sandbox;

const send = (page) => page.locator('form#ask .actions button').click();

/** Sends the form of the page and waits for what it says was done. */
async function does(page, done) {
  await send(page);
  await page.waitForURL(new RegExp(`done=${done}`));
}

/** Follows a link of the page by its words. */
const follow = (page, label) => page.locator('main a.button', { hasText: label }).first().click();

const hashOf = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A drawing of two pieces, and what it hashes to. */
const pdf = Buffer.concat([Buffer.from('%PDF-1.7\n'), randomBytes(9 * 1024 * 1024 + 123)]);
const drawing = { name: '支架 B.pdf', mimeType: 'application/pdf', buffer: pdf };

/** Puts files into the draft whose page this is: what is none is refused in words, and the drawing arrives as it is. */
async function upload(page, say, options) {
  const scripts = options.javaScriptEnabled !== false;
  await fit(page, 'the files of a draft', options);
  const sends = async (files, then) => {
    await page.setInputFiles('#files', files);
    await page.locator('.sending button').click();
    await then();
  };
  const page_of = { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('<html><script>alert(1)</script>') };
  await sends([page_of], () => page.locator(scripts ? '.sent .refused' : '.errors').waitFor());
  await says(page, say('文件内容与类型不符', 'not of the file’s type'));
  await fit(page, 'a file that was refused', options);
  if (scripts) {
    // The line breaks in the middle, once: it goes on from there.
    let cut = 0;
    await page.route(/uploads\/[^/]+\?offset=[1-9]/, (route) => (cut++ ? route.continue() : route.abort('connectionreset')));
    await sends([drawing], () => page.waitForURL(/done=uploaded/));
    await page.unrouteAll();
    ok(cut > 1, 'the upload was cut and went on');
  } else {
    await sends([drawing], () => page.waitForURL(/done=uploaded/));
  }
  await says(page, hashOf(pdf).slice(0, 12));
  const other = { name: 'x.txt', mimeType: 'text/plain', buffer: Buffer.from('x') };
  await sends([other], () => page.locator('tr', { hasText: 'x.txt' }).waitFor());
  await page.locator('tr', { hasText: 'x.txt' }).locator('button').click();
  await page.waitForURL(/done=removed/);
  equal(await page.locator('tr', { hasText: 'x.txt' }).count(), 0, 'what was removed is gone');
  await fit(page, 'files of a draft', options);
}

/** Saves the file that the page links to; what it hashes to. */
async function save(page, name) {
  const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('main a', { hasText: name }).first().click()]);
  equal(saved.suggestedFilename(), name, 'it is saved under its name');
  return hashOf(readFileSync(await saved.path()));
}

/** A draft, and its release. */
async function release(page, path, label, say, fill = () => {}) {
  await page.goto(path);
  await follow(page, say('新建修订', 'New revision'));
  await page.fill('#label', label);
  await page.fill('#change_note', `${label}: 孔位 Ø8.5→Ø9.0`);
  await page.fill('#location', 'http://plm.example/plain');
  await send(page);
  await page.locator('.errors').waitFor();
  equal(await page.inputValue('#label'), label, 'what was typed is kept');
  await page.fill('#location', `https://plm.example/${label}`);
  await does(page, 'drafted');
  await fill();
  await follow(page, say('并发布', 'and release'));
  await says(page, say('没有受影响的订单行', 'No order line is affected'));
  await follow(page, say('发布', 'Release'));
  await does(page, 'released');
}

export async function resources() {
  for (const [words, options] of byTurns([['with scripts', {}], ['without scripts', { javaScriptEnabled: false, locale: 'en-GB' }]])) {
    const english = options.locale === 'en-GB';
    const say = (zh, en) => (english ? en : zh);
    const name = english ? 'Bracket drawing 7' : '支架图纸七';

    await test(`a resource is published, asked for, acknowledged and revoked, ${words}`, async () => {
      let path = '';
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/resources/new`);
        await fit(page, 'the form', options);
        await page.fill('#name', name);
        await page.fill('#terms', '仅用于试制\n不得转让');
        await page.check('#to-granted');
        await page.check('#open-yes');
        await page.check('#acknowledge-yes');
        await send(page);
        await page.locator('.errors').waitFor();
        ok(await page.isChecked('#acknowledge-yes'), 'what was ticked is kept');
        await page.uncheck('#open-yes');
        await page.check('#to-partners');
        await does(page, 'published');
        path = new URL(page.url()).pathname;
        await release(page, portal + path, 'B', say, () => upload(page, say, options));
        equal(await save(page, '支架 B.pdf'), hashOf(pdf), 'the owner gets what was uploaded');
        await fit(page, 'the resource of its owner', options);
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/resources`);
        await page.fill('#q', name);
        await page.locator('form.search button').click();
        await fit(page, 'what is open', options);
        await page.locator(`a:text-is("${name}")`).click();
        equal(await page.locator('text=Ø9.0').count(), 0, 'what changed is for those who may use it');
        await follow(page, say('申请使用', 'Request access'));
        await send(page);
        await page.locator('.errors').waitFor();
        await page.fill('#purpose', '试制');
        await does(page, 'requested');
        await fit(page, 'what was asked for', options);
      });
      await visit(chengyu, options, async (page) => {
        await page.goto(`${portal}/resources/entitlements?state=requested`);
        await fit(page, 'who asked', options);
        await page.locator('tr', { hasText: name }).locator('a.button').first().click();
        await page.fill('#limit', '5');
        await does(page, 'granted');
        await page.goto(`${portal}/resources/entitlements?state=granted`);
        const had = await page.locator('tr', { hasText: name }).innerText();
        ok(had.includes('顺模') && had.includes('5'), `who has what, and how often: ${had}`);
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(portal + path);
        await follow(page, say('确认知悉 B', 'Acknowledge B'));
        await does(page, 'acknowledged');
        await says(page, 'https://plm.example/B');
        equal(await save(page, '支架 B.pdf'), hashOf(pdf), 'what comes down is what went up');
        measured('resource-got', pdf.length, 'bytes');
        await fit(page, 'a resource with files', options);
      });
      await visit(chengyu, options, async (page) => {
        await release(page, portal + path, 'C', say);
        await follow(page, say('知悉情况', 'Acknowledgements'));
        equal(await page.locator('section').first().locator('tr', { hasText: '顺模' }).count(), 1, 'who has not taken note');
        await fit(page, 'who has taken note', options);
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(`${portal}/inbox`);
        await page.locator('a[href="/resources/waiting"]').click();
        await page.locator(`a:text-is("${name}")`).click();
        await follow(page, say('与 B 比较', 'Compare with B'));
        equal(await page.locator('tr', { hasText: 'https://plm.example/C' }).locator('.tag').innerText(), say('不同', 'Different'), 'what differs is marked');
        await fit(page, 'side by side', options);
        await page.goto(portal + path);
        await follow(page, say('确认知悉 C', 'Acknowledge C'));
        await does(page, 'acknowledged');
        await fit(page, 'the resource', options);
        await page.locator('main a.button', { hasText: say('关注', 'Follow') }).click();
        await does(page, 'followed');
        await fit(page, 'what is followed', options);
        await page.locator('main td button').first().click();
        await page.waitForURL(/done=unfollowed/);
      });
      await visit(chengyu, options, async (page) => {
        await page.goto(portal + path);
        await follow(page, say('撤销授权', 'Revoke access'));
        await does(page, 'revoked');
        await page.goto(`${portal}/resources/access`);
        await fit(page, 'the log', options);
        const [saved] = await Promise.all([page.waitForEvent('download'), follow(page, say('导出', 'Export'))]);
        equal(saved.suggestedFilename(), 'access.csv', 'the log is saved');
      });
      await visit(shunmo, options, async (page) => {
        await page.goto(portal + path);
        equal(await page.locator('text=plm.example').count(), 0, 'what is revoked is seen no more');
      });
    });
  }
}

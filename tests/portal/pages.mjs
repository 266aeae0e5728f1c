// What holds for every page: accessible in both languages and schemes, no sideways scroll, targets for fingers.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { equal, long, measured, ok, phone, signIn, test, turn, visit } from './browser.mjs';
import { fitting, people, places, reach } from './places.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** How often axe looked, and what it had against all pages together. */
const axeFound = { looks: 0, violations: 0 };

/** What axe has against a page, by the rules that WCAG names. */
export async function violations(page) {
  // As the driver's own statement: the page's policy, which stays in force, lets no script of a page in.
  await page.evaluate(axe);
  const faults = await page.evaluate(async (only) => {
    const { violations: found } = await window.axe.run(document, { runOnly: only, resultTypes: ['violations'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`);
  }, TAGS);
  axeFound.looks += 1;
  axeFound.violations += faults.length;
  return faults;
}

/**
 * Controls that a finger does not hit, with their width and height: all are 44 px high, and as wide but for a link, which is as wide
 * as its word and 24 px at least. Links inside a sentence are as large as its text, those that cover their row as large as that, and of
 * words beside a control those of a radio button or a checkbox are hit instead of it (WCAG 2.2, 2.5.8, with what it exempts).
 */
export const small = (page) => page.evaluate(() => {
  const controls = document.querySelectorAll('a[href], button, .button, summary, select, textarea, .choice label, .choose, ' +
    '.tick, input:not([type=hidden], [type=radio], [type=checkbox], .unseen)');
  const covers = (one) => one.matches('.cover');
  const inSentence = (one) => !covers(one) && getComputedStyle(one).display === 'inline'
    && [...one.parentElement.childNodes].some((beside) => beside.nodeType === Node.TEXT_NODE && beside.data.trim());
  const size = (one) => {
    const { width, height } = covers(one) ? getComputedStyle(one, '::after') : one.getBoundingClientRect();
    return [width, height].map((side) => Math.round(parseFloat(side)));
  };
  const least = (one) => (one.localName === 'a' ? 24 : 44);
  return [...controls].filter((one) => one.localName !== 'label' || ['radio', 'checkbox'].includes(one.control?.type))
    .filter((one) => one.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }))
    .filter((one) => one.localName !== 'a' || !inSentence(one))
    .filter((one) => !(size(one)[0] >= least(one) && size(one)[1] >= 44))
    .map((one) => [one.outerHTML.slice(0, 120), ...size(one)]);
});

/** What makes a page too wide; nothing where it is not. */
export const sideways = (page) => page.evaluate(() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > clientWidth);
  return [`${scrollWidth - clientWidth} px`, ...wide.slice(-3).map((one) => one.outerHTML.slice(0, 120))];
});

/** What nobody can use on paper: places, buttons and fields that would be printed. */
export const unprintable = (page) => page.evaluate(() => {
  const screen = document.querySelectorAll('.ribbon, .top, .news, .bottom, nav, button, .button, input, select, textarea');
  return [...screen].filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 120));
});

/** The sheets that a page is printed on: width and height of each in millimetres. */
export async function sheets(page) {
  const file = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
  const boxes = [...file.matchAll(/\/MediaBox ?\[ ?0 0 ([\d.]+) ([\d.]+) ?\]/g)];
  return boxes.map(([, ...sides]) => sides.map((points) => Math.round((points / 72) * 25.4)).join(' × '));
}

/** How high the header's row of places is; two rows would be higher than a finger needs. */
const placesHigh = (page) => page.evaluate(() => document.querySelector('.work')?.getBoundingClientRect().height || 0);

/** A tablet held upright, and a computer. */
const tablet = { width: 768, height: 1024 };
const computer = { width: 1440, height: 900 };

/** Every width and size of text at which nothing may be cut off. */
async function fits(page) {
  for (const size of [tablet, computer, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    equal(await sideways(page), [], `at ${size.width} px`);
  }
  await page.setViewportSize(phone);
  await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
  equal(await sideways(page), [], 'at 360 px and text of 200 %');
}

/** All that holds for a page, in one look at it in a scheme; where that is wanted, axe looks at it at a computer as well. */
async function sound(page, place, locale, colorScheme, wide) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(phone);
  const got = await reach(page, place);
  const headers = got.headers();
  ok(fitting(place, got.status()), `answers ${got.status()}`);
  ok(headers['content-security-policy'].startsWith("default-src 'none'"), 'there is a policy');
  equal(headers['cache-control'], 'no-store', 'nothing of it is kept');
  equal(await page.getAttribute('html', 'lang'), locale, 'it speaks the language');
  equal(await small(page), [], 'targets');
  ok(await placesHigh(page) < 60, 'one row of places');
  equal(await violations(page), [], `axe, ${colorScheme}`);
  if (wide) {
    await page.setViewportSize(computer);
    equal(await violations(page), [], `axe, ${colorScheme}, at ${computer.width} px`);
  }
  await fits(page);
}

/** Which of the four pairs of a language and a scheme it is a page's turn to be looked at in: another one on the next page, and the
 * next day. */
const pair = (at) => (at + turn) % 4;

/** The schemes in which a page is looked at in a language: that of its pair, and where there is time both. */
const schemes = (at, english) => {
  if (long) return ['light', 'dark'];
  return (pair(at) % 2 === 1) === english ? [pair(at) < 2 ? 'light' : 'dark'] : [];
};

/** Whether axe looks at a page at a computer as well: at every other one in one scheme, and at those between in the other. */
const wider = (at, scheme) => (at + turn) % 2 === (scheme === 'dark' ? 1 : 0);

const WHOSE = { visitor: 'a visitor', supplier: 'the supplier', customer: 'the customer', engineer: 'the engineer', operator: 'the operator' };

/** Names of all that the portal says in a language. */
function messages(language) {
  const folder = new URL('../../services/portal/i18n/', import.meta.url);
  const files = [`${language}.ftl`, ...readdirSync(new URL(language, folder)).map((file) => `${language}/${file}`)];
  return files.flatMap((file) => readFileSync(new URL(file, folder), 'utf8').match(/^[a-z][\w-]*(?= =)/gm) || []);
}

export async function everyPage() {
  await test('whatever the portal says it says in both languages', () => {
    const [zh, en] = [messages('zh'), messages('en')];
    const missing = [...zh.filter((name) => !en.includes(name)), ...en.filter((name) => !zh.includes(name))];
    measured('messages', zh.length, 'messages');
    measured('messages-missing', missing.length, 'messages');
    ok(zh.length > 0, 'there are some');
    equal(missing, [], 'one is missing in the other language');
  });
  let known;
  for (const locale of ['zh-CN', 'en-GB']) {
    for (const [who, whose] of Object.entries(WHOSE)) {
      await test(`pages of ${whose} are accessible, fit, and keep to the policy, ${locale}`, async () => {
        known ||= places();
        const list = [...(await known)[who].entries()];
        const faults = [];
        const person = people[who];
        if (person) await signIn(person);
        // Side by side, since a page that is looked at takes the browser about as long as the portal and the driver; by twos, since
        // where there is no time for more every other page is looked at in this language.
        await Promise.all([0, 1].map((half) => visit(person, { locale }, async (page) => {
          for (const [at, place] of list.filter(([number]) => (number >> 1) % 2 === half)) {
            for (const scheme of schemes(at, locale === 'en-GB')) {
              const wide = long && wider(at, scheme);
              await sound(page, place, locale, scheme, wide).catch((error) => faults.push(`${place.name}: ${error.message}`));
            }
          }
        })));
        ok(!faults.length, faults.join('\n'));
      });
    }
  }
  measured('axe-looks', axeFound.looks, 'looks');
  measured('axe-violations', axeFound.violations, 'violations');
}

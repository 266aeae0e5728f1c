// Shows /openapi.json and calls its methods. The key lives in its field and nowhere else; texts go into the page as
// text, never as markup.
'use strict';

const TEXTS = {
  en: {
    key: 'API key', search: 'Find', loading: 'Loading …', reasons: 'Reasons', request: 'Request', answer: 'Answer',
    lines: 'Answer: one line of JSON a message', send: 'Send', stop: 'Stop', copy: 'Copy as curl', copied: 'Copied',
    permission: 'Permission', nobody: 'none: no key is needed', deadline: 'Deadline', size: 'Largest message',
    open: 'none: stays open', running: 'running …', failed: 'The server did not answer', other: '中文',
    reason: 'Reason', status: 'HTTP', meaning: 'Meaning', tries: 'Try it: this calls this server, and changes take effect.',
    blob: 'bytes', list: 'list of', map: 'map of', body: 'Body of the request',
    about: ['Every method is a POST of one JSON object to its path, with "authorization: Bearer" and an API key.',
      'Decimals may be written "1.50" or 1.50, days "2026-12-28". A field that is not known is refused by its name.',
      'A requestId makes a change repeatable: sent again with the same body, it answers the same receipt.'],
  },
  zh: {
    key: 'API 密钥', search: '查找', loading: '加载中…', reasons: '错误原因', request: '请求', answer: '应答',
    lines: '应答:每条消息一行 JSON', send: '发送', stop: '停止', copy: '复制为 curl 命令', copied: '已复制',
    permission: '权限', nobody: '无需密钥', deadline: '时限', size: '消息上限',
    open: '无(持续打开)', running: '进行中…', failed: '服务器没有应答', other: 'English',
    reason: '原因', status: 'HTTP', meaning: '含义', tries: '在此试用:会真正调用本服务器,更改立即生效。',
    blob: '字节', list: '列表:', map: '映射:', body: '请求正文',
    about: ['每个方法都是向其路径 POST 一个 JSON 对象,并带上 "authorization: Bearer" 和 API 密钥。',
      '小数可写作 "1.50" 或 1.50,日期可写作 "2026-12-28"。未知字段会被指名拒绝,不会被悄悄忽略。',
      'requestId 使更改可以安全重试:用同一正文再次发送,得到同一回执。'],
  },
};

const asked = new URLSearchParams(location.search).get('lang');
let language = asked === 'zh' || asked === 'en' ? asked : navigator.language.startsWith('zh') ? 'zh' : 'en';
let api;

const say = (name) => TEXTS[language][name];
const byId = (id) => document.getElementById(id);

function make(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

// Paragraphs, with what stands in backquotes as code.
const paragraphs = (text) => (text ?? '').split('\n\n').filter(Boolean).map((each) =>
  make('p', '', ...each.split('`').map((part, at) => (at % 2 ? make('code', part) : part))));
const short = (name) => name.split('.').pop();
const target = (schema) => schema?.$ref?.replace('#/components/schemas/', '');
const resolved = (schema) => (target(schema) ? api.components.schemas[target(schema)] : schema) ?? {};

function kind(schema) {
  if (schema.items) return `${say('list')} ${kind(schema.items)}`;
  if (schema.additionalProperties) return `${say('map')} ${kind(schema.additionalProperties)}`;
  if (target(schema)) return short(target(schema));
  return schema.contentEncoding ? say('blob') : schema.format ?? schema.type ?? '';
}

const inside = (schema) => resolved(schema.items ?? schema.additionalProperties ?? schema);
const ordered = (schema) =>
  Object.entries(schema.properties ?? {}).sort(([, a], [, b]) => (a['x-number'] ?? 0) - (b['x-number'] ?? 0));

// The fields of a message; what lies deeper is made when it is opened.
function fields(schema) {
  const list = make('ul');
  list.className = 'fields';
  for (const [name, property] of ordered(schema)) {
    const inner = inside(property);
    const head = [make('code', name), ' ', make('span', kind(property))];
    head[2].className = 'soft';
    const more = inner.properties || inner.enum;
    const item = make('li');
    if (more) {
      const opened = make('details', '', make('summary', '', ...head));
      opened.addEventListener('toggle', () => {
        if (opened.open && opened.children.length === 1) {
          opened.append(...paragraphs(property.description), inner.enum ? names(inner) : fields(inner));
        }
      });
      item.append(opened);
    } else {
      item.append(...head, ...paragraphs(property.description));
    }
    list.append(item);
  }
  return list;
}

function names(schema) {
  const list = make('ul');
  list.className = 'fields';
  list.append(...schema.enum.map((name) => make('li', '', make('code', name))));
  return list;
}

// A request to begin with: its own fields, and of each choice the first.
function skeleton(schema, depth) {
  const made = {};
  const choices = new Set();
  for (const [name, property] of ordered(schema)) {
    const choice = property['x-choice'];
    if (choice && choices.has(choice)) continue;
    if (choice) choices.add(choice);
    if (name === 'requestId') made[name] = crypto.randomUUID?.() ?? String(Date.now());
    else if (depth > 0 || choice) made[name] = example(property, depth);
  }
  return made;
}

function example(property, depth) {
  const inner = inside(property);
  const known = inner.examples?.[1];
  let value = '';
  if (known !== undefined) value = known;
  else if (inner.enum) value = inner.enum[0];
  else if (inner.type === 'boolean') value = true;
  else if (inner.type === 'integer') value = 0;
  else if (inner.properties) value = depth > 1 ? skeleton(inner, depth - 1) : {};
  if (property.items) return depth > 1 ? [value] : [];
  return property.additionalProperties ? {} : value;
}

function method(path, operation) {
  const body = operation.requestBody.content['application/json'];
  const input = resolved(body.schema);
  const content = operation.responses['200'].content;
  const streams = content['application/x-ndjson'];
  const output = resolved(streams ? streams.schema.anyOf[0] : content['application/json'].schema);
  const box = make('details', '', make('summary', '', make('code', short(path.replace('/', '.').replaceAll('/', '.'))), ' ', make('span', operation.summary)));
  box.className = 'method';
  box.id = path;
  box.dataset.words = `${path} ${operation.description}`.toLowerCase();
  box.addEventListener('toggle', () => {
    if (!box.open || box.children.length > 1) return;
    const deadline = operation['x-deadline-ms'];
    const facts = [
      `${say('permission')}: ${operation.security ? say('nobody') : operation['x-permission'].replace('PERMISSION_', '')}`,
      `${say('deadline')}: ${deadline ? `${deadline / 1000} s` : say('open')}`,
      `${say('size')}: ${operation['x-max-message-bytes'] / 1048576} MiB`,
    ];
    const plain = make('p', facts.join(' · '));
    plain.className = 'soft';
    box.append(make('div', '',
      make('p', '', make('code', `POST ${path}`)), ...paragraphs(operation.description), plain,
      make('h3', say('request')), fields(input),
      make('h3', say(streams ? 'lines' : 'answer')), fields(output),
      attempt(path, body.example ?? skeleton(input, 2), streams)));
  });
  return box;
}

// What may be typed and sent.
function attempt(path, example, streams) {
  const text = make('textarea');
  text.value = JSON.stringify(example, null, 2);
  text.spellcheck = false;
  text.setAttribute('aria-label', say('body'));
  const [send, stop, copy] = [make('button', say('send')), make('button', say('stop')), make('button', say('copy'))];
  send.className = 'send';
  stop.hidden = true;
  const status = make('span');
  status.setAttribute('role', 'status');
  const answer = make('pre');
  answer.hidden = true;
  answer.tabIndex = 0;
  let running;
  send.addEventListener('click', async () => {
    running = new AbortController();
    [send.disabled, stop.hidden, answer.hidden] = [true, !streams, false];
    answer.textContent = '';
    show(status, say('running'), false);
    try {
      await call(path, text.value, running.signal, answer, status);
    } catch (error) {
      if (error.name !== 'AbortError') show(status, `${say('failed')}: ${error.message}`, true);
    }
    [send.disabled, stop.hidden] = [false, true];
  });
  stop.addEventListener('click', () => running?.abort());
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(curl(path, text.value));
    copy.textContent = say('copied');
  });
  const row = make('div', '', send, stop, copy, status);
  row.className = 'row';
  return make('div', '', make('h3', say('tries')), text, row, answer);
}

function show(status, text, bad) {
  status.textContent = text;
  status.className = bad ? 'status bad' : 'status';
}

async function call(path, body, signal, answer, status) {
  const headers = { 'content-type': 'application/json' };
  const key = byId('key').value.trim();
  if (key) headers.authorization = `Bearer ${key}`;
  const response = await fetch(path, { method: 'POST', headers, body, signal, cache: 'no-store', credentials: 'omit' });
  show(status, `${response.status} ${response.statusText}`, !response.ok);
  answer.className = response.ok ? '' : 'bad';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  for (;;) {
    const { done, value } = await reader.read();
    waiting += value ?? '';
    const lines = waiting.split('\n');
    waiting = done ? '' : lines.pop();
    for (const line of lines.filter(Boolean)) answer.append(`${pretty(line)}\n`);
    if (done) return;
  }
}

function pretty(line) {
  try {
    return JSON.stringify(JSON.parse(line), null, 2);
  } catch {
    return line;
  }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(path, body) {
  return [`curl -sS ${quoted(location.origin + path)}`, `-H 'content-type: application/json'`,
    `-H "authorization: Bearer $TANDEM_KEY"`, `-d ${quoted(body)}`].join(' \\\n  ');
}

function draw() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  for (const each of document.querySelectorAll('[data-text]')) each.textContent = say(each.dataset.text);
  byId('language').textContent = say('other');
  byId('about').replaceChildren(...say('about').map((text) => make('p', text)),
    make('p', '', Object.assign(make('a', '/openapi.json'), { href: '/openapi.json' })));
  if (!api) return;
  const [methods, index] = [[], []];
  for (const tag of api.tags) {
    const paths = Object.entries(api.paths).filter(([, item]) => item.post.tags.includes(tag.name));
    methods.push(make('h2', tag.name), ...paragraphs(tag.description), ...paths.map(([path, item]) => method(path, item.post)));
    index.push(make('h2', short(tag.name)), ...paths.map(([path]) => {
      const link = Object.assign(make('a', path.split('/').pop()), { href: `#${path}` });
      link.dataset.words = byWords(path);
      return link;
    }));
  }
  byId('methods').replaceChildren(...methods);
  byId('index').replaceChildren(...index);
  const head = make('tr', '', make('th', say('reason')), make('th', say('status')), make('th', say('meaning')));
  byId('reasons').replaceChildren(head, ...api['x-reasons'].map((each) =>
    make('tr', '', make('td', '', make('code', each.reason)), make('td', String(each.status)), make('td', each[language]))));
  find();
  follow();
}

const byWords = (path) => `${path} ${api.paths[path].post.description}`.toLowerCase();

function find() {
  const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const each of document.querySelectorAll('[data-words]')) {
    each.hidden = !words.every((word) => each.dataset.words.includes(word));
  }
}

function follow() {
  const box = byId(decodeURIComponent(location.hash.slice(1)));
  if (box?.tagName !== 'DETAILS') return;
  box.open = true;
  box.scrollIntoView();
}

byId('credential').addEventListener('submit', (event) => event.preventDefault());
byId('search').addEventListener('input', find);
byId('language').addEventListener('click', () => {
  language = language === 'zh' ? 'en' : 'zh';
  draw();
});
addEventListener('hashchange', follow);
draw();
fetch('/openapi.json').then((response) => response.json()).then((document) => {
  api = document;
  draw();
}).catch((error) => byId('methods').replaceChildren(make('p', `${say('failed')}: ${error.message}`)));

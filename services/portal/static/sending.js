// Files of a draft, sent in pieces: hashed first, so that what arrives is checked against it; counted while they go; and
// gone on with where they were cut off, also when the page is opened once more. Without scripts the form sends them itself.
(() => {
  'use strict';
  // What a cut costs at most is far less: whatever arrives of a piece stands.
  const PIECE = 8 * 1024 * 1024, READ = 2 * 1024 * 1024, TURNS = 12;
  const form = document.querySelector('form[data-sending_to]');
  if (!form || !window.fetch || !Blob.prototype.arrayBuffer) return;
  const input = form.querySelector('input[type=file]'), list = form.querySelector('[data-sent]');
  const button = form.querySelector('button'), said = form.querySelector('[role=status]'), words = form.dataset;
  const token = form.querySelector('[name=token]').value;
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // SHA-256 (FIPS 180-4), piece by piece: what browsers offer wants the whole file in memory, and TLS.
  const K = new Int32Array(64), H = new Int32Array(8);
  (() => {
    const part = (root) => Math.floor((root - Math.floor(root)) * 4294967296) | 0;
    let found = 0;
    for (let n = 2; found < 64; n++) {
      let prime = true;
      for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
      if (!prime) continue;
      if (found < 8) H[found] = part(Math.sqrt(n));
      K[found++] = part(Math.cbrt(n));
    }
  })();
  const hasher = () => {
    const h = H.slice(), w = new Int32Array(64), rest = new Uint8Array(64);
    let kept = 0, size = 0;
    const block = (bytes, at) => {
      for (let i = 0; i < 16; i++, at += 4) w[i] = bytes[at] << 24 | bytes[at + 1] << 16 | bytes[at + 2] << 8 | bytes[at + 3];
      for (let i = 16; i < 64; i++) {
        const x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
          + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10) | 0;
      }
      let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], k = h[7];
      for (let i = 0; i < 64; i++) {
        const t = k + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + w[i] | 0;
        const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c) | 0;
        k = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;
      }
      h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += k;
    };
    const add = (bytes) => {
      size += bytes.length;
      let at = 0;
      if (kept) {
        at = Math.min(64 - kept, bytes.length);
        rest.set(bytes.subarray(0, at), kept);
        kept += at;
        if (kept < 64) return;
        block(rest, 0);
        kept = 0;
      }
      for (; at + 64 <= bytes.length; at += 64) block(bytes, at);
      rest.set(bytes.subarray(at));
      kept = bytes.length - at;
    };
    const end = () => {
      const bits = size * 8, tail = new Uint8Array((kept < 56 ? 64 : 128) - kept);
      tail[0] = 128;
      const view = new DataView(tail.buffer);
      view.setUint32(tail.length - 8, Math.floor(bits / 4294967296));
      view.setUint32(tail.length - 4, bits >>> 0);
      add(tail);
      return [...h].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    };
    return { add, end };
  };
  const hash = async (file, told) => {
    const all = hasher();
    for (let at = 0; at < file.size; at += READ) {
      all.add(new Uint8Array(await file.slice(at, at + READ).arrayBuffer()));
      told(Math.min(at + READ, file.size));
    }
    return all.end();
  };

  const refused = (fault) => Object.assign(new Error(fault), { fault });
  // An answer; `null` where asking again may do better.
  const ask = async (path, options) => {
    let answer;
    try { answer = await fetch(path, options); } catch { return null; }
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    if (answer.status >= 500 || ['CONFLICT', 'UPLOAD_OFFSET', 'RATE_LIMITED'].includes(body.reason)) return null;
    throw refused(body.fault || words.failed);
  };
  // The same with the bytes counted while they go.
  const send = (path, bytes, told) => new Promise((done, failed) => {
    const call = new XMLHttpRequest();
    call.open('POST', path);
    call.setRequestHeader('content-type', 'application/octet-stream');
    call.setRequestHeader('x-form-token', token);
    call.upload.onprogress = (event) => told(event.loaded);
    call.onerror = call.onabort = call.ontimeout = () => done(null);
    call.onload = () => {
      let body = {};
      try { body = JSON.parse(call.responseText); } catch { /* no answer of ours */ }
      if (call.status === 200) done(body);
      else if (call.status >= 500 || ['CONFLICT', 'UPLOAD_OFFSET', 'RATE_LIMITED'].includes(body.reason)) done(null);
      else failed(refused(body.fault || words.failed));
    };
    call.send(bytes);
  });

  const row = (file) => {
    const item = document.createElement('li'), name = document.createElement('span'), state = document.createElement('span');
    const bar = document.createElement('progress');
    name.textContent = file.name;
    bar.max = file.size || 1;
    bar.setAttribute('aria-label', file.name);
    item.append(name, bar, state);
    list.append(item);
    const at = (text) => (bytes) => {
      bar.value = bytes;
      state.textContent = text.replace('{n}', Math.floor(bytes / (file.size || 1) * 100));
    };
    return { at, say: (text, bad) => { state.textContent = text; item.classList.toggle('refused', !!bad); if (bad) bar.remove(); } };
  };

  const one = async (file, shown) => {
    const sha256 = await hash(file, shown.at(words.hashing));
    const about = new URLSearchParams({ token, name: file.name, type: file.type.split(';')[0], size: file.size, sha256 });
    const sending = shown.at(words.sending);
    let upload = null, offset = 0;
    for (let turn = 0; turn < TURNS;) {
      if (turn) { shown.say(words.again); await wait(Math.min(500 * 2 ** turn, 15000)); }
      if (!upload) {
        upload = await ask(words.sending_to, { method: 'POST', body: about });
        if (!upload) { turn += 1; continue; }
        if (upload.done) return;
        offset = upload.offset;
      } else if (turn) {
        const stands = await ask(`${words.sending_to}/${upload.id}`);
        if (!stands) { turn += 1; continue; }
        offset = stands.offset;
      }
      const path = `${words.sending_to}/${upload.id}`;
      let went = true;
      while (went && offset < file.size) {
        sending(offset);
        const from = offset;
        went = await send(`${path}?offset=${from}`, file.slice(from, from + PIECE), (bytes) => sending(from + bytes));
        if (went) { offset = went.offset; turn = 0; }
      }
      if (went) {
        shown.say(words.checking);
        if (await ask(`${path}/finish`, { method: 'POST', headers: { 'x-form-token': token } })) return;
      }
      turn += 1;
    }
    throw refused(words.failed);
  };

  form.addEventListener('submit', async (event) => {
    const files = [...input.files];
    if (!files.length) return;
    event.preventDefault();
    button.disabled = input.disabled = true;
    list.replaceChildren();
    list.hidden = false;
    let bad = 0;
    for (const file of files) {
      const shown = row(file);
      said.textContent = words.now.replace('{name}', file.name);
      try {
        await one(file, shown);
        shown.say(words.done);
      } catch (error) {
        bad += 1;
        shown.say(error.fault || words.failed, true);
        said.textContent = error.fault || words.failed;
      }
    }
    if (!bad) { location.assign(`${form.getAttribute('action')}?done=uploaded`); return; }
    button.disabled = input.disabled = false;
    // What did arrive stands in the table from now on.
    const page = await fetch(form.getAttribute('action')).then((answer) => answer.text()).catch(() => '');
    const now = new DOMParser().parseFromString(page, 'text/html').querySelector('main section');
    if (now) document.querySelector('main section').replaceWith(now);
  });
})();

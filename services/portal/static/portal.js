// What scripts add to pages that work without them: a live list, a rest that is computed as one types, one tap that
// counts once, and a link that copies itself.
(() => {
  'use strict';
  const body = document.body;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const shown = (element, yes) => { if (element) element.hidden = !yes; };

  // What is announced: read anew, and where nobody looks, not before somebody does.
  const look = () => {
    if (document.hidden) { document.addEventListener('visibilitychange', look, { once: true }); return; }
    htmx.trigger(one('#told'), 'tandem:refresh');
  };

  // ---- Live ----------------------------------------------------------------------------------------------------
  // Browsers allow six connections to a site, so that of all tabs one holds the stream and tells the others.
  const live = () => {
    let cursor = body.dataset.cursor;
    let leads, source, heard = Date.now(), down, timer, said;
    // Tabs of another session neither hear this one nor wait for its stream.
    const name = 'tandem-' + body.dataset.live;
    const channel = window.BroadcastChannel && new BroadcastChannel(name);
    const tell = (message) => { if (channel) channel.postMessage(message); take(message); };

    // Kinds and ids of what changed since pages were read anew, which they are once a second; '' stands for all.
    const changed = new Set();
    let read = 0;
    const anew = () => {
      // What no feed tells of has time until somebody looks.
      const later = document.hidden && changed.delete('untold');
      all('[data-live-on]').forEach((place) => {
        if ([...changed].some((one) => place.dataset.liveOn.includes(one))) htmx.trigger(place, 'tandem:refresh');
      });
      all('[data-live-warn]').forEach((warning) => { if (changed.has(warning.dataset.liveWarn)) shown(warning, true); });
      changed.clear();
      if (later) changed.add('untold');
      timer = 0;
      read = Date.now();
    };
    const refresh = (what) => {
      what.forEach((one) => changed.add(one));
      if (document.hidden && what[0] === 'untold') return;
      // Where nobody looks, the title tells how much waits, and that has time.
      timer ||= setTimeout(anew, document.hidden ? 20000 : Math.max(100, read + 1000 - Date.now()));
    };
    document.addEventListener('visibilitychange', () => { if (changed.size) { clearTimeout(timer); anew(); } });

    // Where the page shows something else than is announced.
    let looking;
    const told = () => one('#told').dataset.told;
    // Every page that is open hears it at once; they ask one after the other.
    const retell = (mark) => {
      if (told() === mark) return;
      clearTimeout(looking);
      looking = setTimeout(look, Math.random() * 3000);
    };

    const say = (text) => {
      one('#news').textContent = text;
      clearTimeout(said);
      said = setTimeout(() => { one('#news').textContent = ''; }, 12000);
    };

    const take = (message) => {
      if (message.cursor) cursor = message.cursor;
      if ('online' in message) shown(one('#offline'), !message.online);
      if (message.signedOut) { leads = false; clearInterval(watch); shown(one('#signed-out'), true); }
      if (message.text) say(message.text);
      // Every page hears at once of what no feed tells; they ask one after the other.
      if (message.what) setTimeout(refresh, message.what[0] === 'untold' ? Math.random() * 3000 : 0, message.what);
      // The stream was elsewhere when this page was read: if it has moved on since, something may be missing here.
      // Most pages begin at no place of it.
      if (cursor && message.at !== undefined && message.at !== cursor) refresh(['']);
      if (message.told !== undefined) retell(message.told);
    };

    const online = (yes) => {
      clearTimeout(down);
      // A short gap, as when the server restarts, is not worth a word.
      if (yes) tell({ online: true }); else down = setTimeout(() => tell({ online: false }), navigator.onLine ? 2500 : 0);
    };

    const close = () => { if (source) source.close(); source = null; };

    const connect = () => {
      close();
      if (!leads) return;
      heard = Date.now();
      // Of this page's session: the browser may have another one by now.
      const mine = source = new EventSource(`/live?of=${body.dataset.live}&after=` + encodeURIComponent(cursor));
      const on = (name, then) => mine.addEventListener(name, (event) => { heard = Date.now(); then(event); });
      on('open', () => online(true));
      on('beat', (event) => tell({ cursor: event.lastEventId }));
      ['order', 'changed'].forEach((name) => on(name, (event) => tell({ ...JSON.parse(event.data), cursor: event.lastEventId })));
      on('told', (event) => tell({ told: JSON.parse(event.data).mark }));
      const over = () => { close(); clearTimeout(down); tell({ signedOut: true }); };
      on('signed-out', over);
      // The place is no longer known: begin at the present, and read the list again.
      on('anew', () => { close(); cursor = ''; tell({ what: [''] }); setTimeout(connect, 2000); });
      on('error', async () => {
        online(false);
        if (mine.readyState < 2 || mine !== source) return;
        // Refused, and why is said to nobody who opens a stream; who was signed out in another tab has lost no line.
        if ((await fetch('/announcements').catch(() => 0)).status === 401) over(); else setTimeout(connect, 3000);
      });
    };

    const lead = () => { leads = true; connect(); return new Promise(() => {}); };
    const ask = (how) => navigator.locks.request(name, how, lead).catch(() => { leads = false; close(); });
    // A line that is cut somewhere in between says nothing; the server beats every 15 s. Nor does a tab that was put to
    // sleep with the stream in hand: whoever is looked at takes it.
    const watch = setInterval(() => {
      if (Date.now() - heard < 40000) return;
      if (leads) { online(false); connect(); } else if (!document.hidden) ask({ steal: true });
    }, 5000);
    addEventListener('online', connect);
    addEventListener('offline', () => { if (leads) { close(); online(false); } });

    if (channel) {
      channel.addEventListener('message', ({ data }) => {
        if (!data.hello) heard = Date.now();
        else if (leads) channel.postMessage({ at: cursor, told: told() });
        take(data);
      });
      // What was put away here a moment ago goes elsewhere, too.
      channel.postMessage({ hello: true, told: told() });
    }
    if (navigator.locks) ask({}); else lead();
  };
  if (body.dataset.live && window.EventSource && window.htmx) live(); else setInterval(look, 60000);

  // ---- What is read anew takes nobody's place away ---------------------------------------------------------------
  // Whoever stood on a row that is gone goes on in the next one, else in the one before, else below the header.
  const lost = () => document.activeElement === body;
  let held = [];
  addEventListener('htmx:before:swap', ({ target }) => {
    const on = document.activeElement;
    // Of two places that are read anew together, the one without focus says nothing.
    if (!target.contains(on)) return;
    const alike = (one) => one.type === on.type && one.className === on.className;
    const links = all('[id^=row-] ' + on.localName, target).filter(alike);
    const at = links.indexOf(on);
    held = [...links.slice(at + 1), ...links.slice(0, Math.max(at, 0)).reverse(), one('#main')];
  });
  addEventListener('htmx:after:swap', () => {
    if (lost()) held.some((link) => { link.focus({ preventScroll: true }); return !lost(); });
    held = [];
  });

  // ---- The rest, computed as one types --------------------------------------------------------------------------
  // Decimals as integers of 10^-18, since floats would round.
  const PLACES = 18;
  const number = (text) => {
    const plain = text.normalize('NFKC').replace(/[\s,]/g, '');
    const parts = /^(\d{1,28})(?:\.(\d{1,18}))?$/.exec(plain);
    return parts && BigInt(parts[1] + (parts[2] || '').padEnd(PLACES, '0'));
  };
  const words = (value) => {
    const digits = value.toString().padStart(PLACES + 1, '0');
    const fraction = digits.slice(-PLACES).replace(/0+$/, '');
    return digits.slice(0, -PLACES).replace(/\B(?=(\d{3})+$)/g, ',') + (fraction && '.' + fraction);
  };

  // As the server writes days.
  const long = (day) => new Date(day).toLocaleDateString(document.documentElement.lang, { dateStyle: 'medium', timeZone: 'UTC' });

  const entry = (form, line) => {
    const data = line.dataset;
    const asked = number(data.unanswered);
    const left = one('[data-left]', line);
    // Where the server has said it beside the field, once is enough.
    const told = one('.wrong [data-q]', line);
    const quantity = (value) => form.dataset.quantity.replace('{n}', words(value)).replace('{u}', data.unit);
    const update = () => {
      const typed = number(one('[data-q]', line).value);
      const day = one('[data-d]', line).value;
      const over = typed !== null && typed > asked;
      const rest = typed === null || over ? 0n : asked - typed;
      left.classList.toggle('bad', over);
      left.classList.toggle('some', rest > 0n);
      left.textContent = typed === null || (over && told) ? '' : over ? form.dataset.over.replace('{n}', quantity(asked))
        : rest ? form.dataset.restLeft.replace('{n}', quantity(rest)) : form.dataset.restAll;
      shown(one('[data-rest]', line), rest > 0n);
      const moved = !!day && !!data.until && (day < data.from || day > data.until);
      shown(one('[data-other-day]', line), moved);
      const note = one('[data-note]', line);
      shown(note, moved || rest > 0n || !!one('input', note).value);
      const second = number(one('[data-q2]', line).value);
      one('[data-q2]', line).placeholder = rest ? words(rest) : '';
      shown(one('[data-third]', line), second !== null && second < rest);
      one('[data-q3]', line).placeholder = second !== null && second < rest ? words(rest - second) : '';
      // What a folded line says of itself.
      const given = one('[data-given]', line);
      if (!given) return;
      const other = all('.other input', line).some((field) => field.value);
      const parts = [typed !== null && typed !== asked && quantity(typed), moved && long(day), other && form.dataset.other];
      const said = parts.filter(Boolean).join(' · ');
      given.textContent = said && form.dataset.given.replace('{n}', said);
    };
    line.addEventListener('input', update);
    update();
  };
  // What the answer would do, asked a moment after the last change; while something is wrong, nothing is said.
  const preview = (form) => {
    let timer, asked = 0;
    const ask = async () => {
      const turn = ++asked;
      const body = new URLSearchParams(new FormData(form));
      body.set('preview', '1');
      const answer = await fetch(form.action, { method: 'POST', body }).catch(() => null);
      const text = answer && answer.ok && !answer.redirected ? await answer.text() : '';
      if (turn !== asked) return;
      const told = new DOMParser().parseFromString(text, 'text/html');
      all('[data-outcome]', form).forEach((place) => {
        place.replaceChildren(...(told.getElementById(place.id)?.childNodes || []));
      });
    };
    form.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 600); });
  };
  all('form[data-change]').forEach((form) => {
    all('[data-line]', form).forEach((line) => entry(form, line));
    preview(form);
  });

  // ---- One tap, one effect; the server makes sure, this only keeps fingers quiet --------------------------------
  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('[data-once]') || (event.submitter && ['lang', 'preview'].includes(event.submitter.name))) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = '1';
    all('button', form).forEach((button) => button.setAttribute('aria-disabled', 'true'));
  });
  addEventListener('pageshow', () => all('form[data-sent]').forEach((form) => {
    delete form.dataset.sent;
    all('button', form).forEach((button) => button.removeAttribute('aria-disabled'));
  }));

  // ---- Orders that are selected: how many there are, all at one tap, and none lost when the list is read anew ------
  const boxes = () => all('input[form=bulk][type=checkbox]');
  const tally = () => all('[data-picked]').forEach((place) => {
    const picked = boxes().filter((box) => box.checked).length;
    place.textContent = picked ? place.dataset.picked.replace('{n}', picked) : '';
  });
  addEventListener('change', (event) => { if (event.target.matches('input[form=bulk]')) tally(); });
  addEventListener('click', (event) => {
    if (!event.target.matches('[data-pick-all]')) return;
    event.preventDefault();
    const every = boxes().every((box) => box.checked);
    boxes().forEach((box) => { box.checked = !every; });
    tally();
  });
  addEventListener('htmx:after:swap', tally);
  addEventListener('pageshow', tally);

  // ---- Copying ---------------------------------------------------------------------------------------------------
  all('[data-copy]').forEach((button) => {
    const field = one(button.dataset.copy);
    button.hidden = false;
    button.addEventListener('click', async () => {
      field.select();
      try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand('copy'); }
      button.textContent = button.dataset.copied;
    });
  });

  // ---- What went wrong, or what was done, is read first ----------------------------------------------------------
  const first = one('[data-focus]');
  if (first) first.focus();

  // ---- The header's menus close by themselves --------------------------------------------------------------------
  const menus = all('.top details');
  addEventListener('click', (event) => menus.forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
  addEventListener('keydown', (event) => {
    const menu = event.key === 'Escape' && menus.find((one) => one.open);
    if (menu) { menu.open = false; one('summary', menu).focus(); }
  });
})();

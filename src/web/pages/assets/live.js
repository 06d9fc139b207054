// Calls as they go on: each row that a call writes down appears in its card.
const root = document.querySelector('[data-live]');
const only = root.dataset.call;
const state = document.querySelector('#stream');
const none = document.querySelector('#none');

const told = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;

function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function card(id, caller) {
  const there = root.querySelector(`[data-id="${CSS.escape(id)}"]`);
  if (there) return there;
  const article = made('article', 'card');
  article.dataset.id = id;
  const title = made('h2');
  const link = made('a', '', caller || 'A call');
  link.href = `/live/${encodeURIComponent(id)}`;
  title.append(link, ' ', made('span', 'tag active state', 'live'));
  article.append(title, made('ol', 'said'));
  root.prepend(article);
  if (none) none.hidden = true;
  return article;
}

function put(list, key, speaker, ms, build) {
  const old = list.querySelector(`[data-key="${key}"]`);
  const item = old ?? made('li', `${speaker} new`);
  item.dataset.key = key;
  const body = made('div');
  build(body);
  item.replaceChildren(made('span', 'at', told(ms)), body);
  if (!old) list.append(item);
  item.scrollIntoView({ block: 'nearest' });
}

const on = {
  calls: ({ items }) => { if (!only) items.forEach((call) => card(call.id, call.caller)); },
  hearing: (row) => put(card(row.call_id).querySelector('.said'), 'hearing', 'caller', row.at_ms, (body) => {
    body.append(made('span', 'by', 'Caller'), made('span', 'hint', row.text));
  }),
  line: (row) => {
    const list = card(row.call_id).querySelector('.said');
    if (row.speaker === 'caller') list.querySelector('[data-key="hearing"]')?.remove();
    put(list, `l${row.line}`, row.speaker, row.start_ms, (body) => {
      body.append(made('span', 'by', row.speaker === 'caller' ? 'Caller' : 'Assistant'), made('span', '', row.heard));
      if (row.unheard) body.append(' ', made('s', '', row.unheard), ' ', made('span', 'label', 'not heard'));
    });
  },
  turn: (row) => {
    const gap = row.stages.first_frame_ms - row.stages.speech_ended_ms;
    if (!Number.isFinite(gap)) return;
    put(card(row.call_id).querySelector('.said'), `t${row.turn}`, 'between', row.stages.first_frame_ms,
      (body) => body.append(made('span', 'aside', `answered after ${gap} ms, by ${row.by_rules ? 'the rules' : 'the model'}`)));
  },
  event: (row) => {
    const state = card(row.call_id).querySelector('.state');
    if (row.name === 'booking_state' && state) state.textContent = row.detail;
    if (row.name === 'stopped') put(card(row.call_id).querySelector('.said'), `e${row.event}`, 'between', row.at_ms,
      (body) => body.append(made('span', 'aside cut', 'the caller cuts in')));
  },
  ended: (row) => {
    const article = card(row.call_id);
    const link = made('a', 'button', 'Open the call');
    link.href = `/calls/${encodeURIComponent(row.call_id)}`;
    const state = article.querySelector('.state');
    if (state) { state.className = `tag state ${row.outcome === 'booked' ? 'booked' : ''}`; state.textContent = `ended: ${row.outcome}`; }
    article.append(link);
  },
  missed: ({ rows }) => { state.textContent = `${rows} rows came too quickly to be shown; they are on the call's page`; },
};

const source = new EventSource(only ? `/api/live?call=${encodeURIComponent(only)}` : '/api/live');
source.onopen = () => { state.textContent = 'following'; };
source.onerror = () => { state.textContent = 'connecting again …'; };
for (const [name, act] of Object.entries(on)) source.addEventListener(name, (event) => act(JSON.parse(event.data)));

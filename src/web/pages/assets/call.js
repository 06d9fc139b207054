// The call page: the waveform, playing and seeking, and a transcript that follows the audio.
const wave = document.querySelector('.wave');
const audio = document.querySelector('audio');
const lines = [...document.querySelectorAll('.said li[data-from]')];
const words = [...document.querySelectorAll('.said .w')];
const clock = document.querySelector('.controls output');
const head = document.querySelector('.head');
const play = document.querySelector('#play');
const follow = document.querySelector('#follow');
const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
let length_ms = Number(wave?.dataset.length) || 0;

const told = (ms) => `${Math.floor(ms / 60000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`;
const now_ms = () => (audio ? audio.currentTime * 1000 : 0);

// The last of the elements, in order of time, that began by then.
function begun(elements, ms) {
  let low = 0, high = elements.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Number(elements[middle].dataset.from) <= ms) low = middle + 1; else high = middle;
  }
  return elements[low - 1];
}

const shown = { line: null, word: null };
function mark(kind, element) {
  if (shown[kind] === element) return false;
  shown[kind]?.classList.remove('now');
  element?.classList.add('now');
  shown[kind] = element;
  return Boolean(element);
}

function show() {
  const ms = now_ms();
  if (head && length_ms) head.style.left = `${Math.min(100, (100 * ms) / length_ms)}%`;
  clock.textContent = `${told(ms)} of ${told(length_ms)}`;
  wave.setAttribute('aria-valuenow', String(Math.round(ms / 1000)));
  wave.setAttribute('aria-valuetext', clock.textContent);
  if (mark('line', begun(lines, ms)) && follow.checked && !audio.paused) {
    shown.line.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
  }
  mark('word', begun(words, ms));
}

function seek(ms, start) {
  if (!audio) return;
  audio.currentTime = Math.max(0, Math.min(ms, length_ms || ms)) / 1000;
  if (start) audio.play().catch(() => {});
  show();
}

function toggle() {
  if (audio.paused) audio.play().catch(() => {}); else audio.pause();
}

function frames() {
  show();
  if (!audio.paused) requestAnimationFrame(frames);
}

if (audio && wave) {
  audio.addEventListener('play', () => { play.textContent = 'Pause'; frames(); });
  audio.addEventListener('pause', () => { play.textContent = 'Play'; show(); });
  audio.addEventListener('loadedmetadata', () => { if (Number.isFinite(audio.duration)) length_ms = audio.duration * 1000; show(); });
  audio.addEventListener('seeked', show);
  const lost = () => { document.querySelector('#no-audio').hidden = false; };
  audio.addEventListener('error', lost);
  // It may have failed before this script ran.
  if (audio.error) lost();
  play.addEventListener('click', toggle);
  document.querySelector('#rate').addEventListener('change', (event) => { audio.playbackRate = Number(event.target.value); });
  const place = (event) => {
    const box = wave.getBoundingClientRect();
    seek(length_ms * Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
  };
  wave.addEventListener('pointerdown', (event) => { wave.setPointerCapture(event.pointerId); place(event); });
  wave.addEventListener('pointermove', (event) => { if (wave.hasPointerCapture(event.pointerId)) place(event); });
  document.addEventListener('click', (event) => {
    const from = event.target.closest('.w, .at, .no')?.dataset.from;
    if (from !== undefined) seek(Number(from), true);
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
    const step = { ArrowLeft: -5000, ArrowRight: 5000 }[event.key];
    const line = lines.indexOf(shown.line);
    if (event.key === ' ' && !event.target.closest('button, a, summary')) toggle();
    else if (step) seek(now_ms() + step);
    else if (event.key === 'j' && lines[line + 1]) seek(Number(lines[line + 1].dataset.from));
    else if (event.key === 'k') seek(Number(lines[Math.max(0, line - 1)]?.dataset.from ?? 0));
    else if (event.key === 'Home' && event.target === wave) seek(0);
    else if (event.key === 'End' && event.target === wave) seek(length_ms);
    else return;
    event.preventDefault();
  });
  fetch(wave.dataset.peaks).then(async (answer) => {
    if (!answer.ok) throw new Error(await answer.text());
    const peaks = await answer.json();
    length_ms = peaks.length_ms || length_ms;
    const loudest = Math.max(40, ...peaks.caller, ...peaks.assistant);
    for (const side of ['caller', 'assistant']) draw(wave.querySelector(`#${side}`), peaks[side], loudest);
    show();
  }).catch(lost);
  const at = new URLSearchParams(location.search).get('at');
  if (at) audio.addEventListener('loadedmetadata', () => seek(Number(at) || 0), { once: true });
  show();
}

// One lane: its loudness above and below the lane's middle.
function draw(lane, peaks, loudest) {
  const top = peaks.map((peak, x) => `${x},${50 - (44 * peak) / loudest}`);
  const bottom = peaks.map((peak, x) => `${x},${50 + (44 * peak) / loudest}`).reverse();
  lane.setAttribute('viewBox', `0 0 ${Math.max(1, peaks.length - 1)} 100`);
  lane.firstElementChild.setAttribute('points', [...top, ...bottom].join(' '));
}

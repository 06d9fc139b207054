// The page: buttons, words and levels, and between them a session and its sound.

import { Session } from "./session.js";
import { Sound, bestCodec } from "./audio.js";

const slug = document.body.dataset.slug;
const wanted = new URLSearchParams(location.search);
const $ = (id) => document.getElementById(id);

const DOING = {
  listening: "Listening. Go on, or interrupt at any time.",
  thinking: "Thinking …",
  speaking: "Speaking. You can interrupt.",
  ending: "Saying goodbye …",
};

let session = null;
let sound = null;
let muted = false;

/** What is wrong with the microphone; it stays so when other troubles pass. */
let micTrouble = "";

/** For tests, and for whoever wonders. */
window.frontdesk = {
  state: "idle", session: null, codec: null, get stats() { return sound?.stats ?? {}; }, dropSocket: () => session?.drop(),
};

$("talk").onclick = () => (session ? session.hangUp() : begin());
$("mute").onclick = () => setMuted(!muted);
$("type").onsubmit = (event) => {
  event.preventDefault();
  send($("typed").value.trim());
};
for (const key of $("keypad").querySelectorAll("button")) key.onclick = () => session?.key(key.textContent);
document.onkeydown = (event) => {
  if (event.target.matches("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "m" && session) setMuted(!muted);
  if (event.key === "Escape") session?.hangUp();
};

async function send(text) {
  if (!text) return;
  if (!session) await begin();
  if (!session) return;
  $("typed").value = "";
  if (session.isOpen) session.text(text);
  else session.addEventListener("welcome", () => session.text(text), { once: true });
}

async function begin() {
  $("words").replaceChildren();
  micTrouble = "";
  tellTrouble("");
  showState("connecting", "Connecting …");
  try {
    // Both before the first wait: a browser opens sound only within a click.
    const token = pass();
    const codec = wanted.get("codec") ?? (await bestCodec());
    sound = new Sound(codec);
    listenToSound();
    const opened = sound.open();
    session = new Session(`${location.origin.replace("http", "ws")}/voice-ws`, await token, { up: codec, down: codec, rate_hz: 48000 });
    listenToSession();
    await opened;
    window.frontdesk.codec = codec;
    session.open();
    showRunning(true);
  } catch (error) {
    end(error.message);
  }
}

async function pass() {
  const answer = await fetch(`/talk/${slug}/token`, { method: "POST" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`We cannot talk right now: ${body.detail}.`);
  return body.token;
}

function listenToSession() {
  const on = (type, handle) => session.addEventListener(type, ({ detail }) => handle(detail));
  on("welcome", (welcome) => {
    window.frontdesk.session = welcome.session;
    if (welcome.resumed) sound.clear();
    sound.carry(welcome.audio);
    showState("open", welcome.resumed ? "Back again." : DOING.listening);
    tellTrouble(micTrouble);
    if (muted) session.mic("muted");
  });
  on("audio", ({ payload, codec }) => sound.play(payload, codec));
  on("mark", ({ name }) => sound.mark(name));
  on("clear", () => sound.clear());
  on("words", showWords);
  on("doing", ({ doing }) => showState("open", DOING[doing] ?? ""));
  on("notice", ({ text }) => tellTrouble(text));
  on("lost", () => {
    sound.clear();
    showState("lost", "The connection broke. Coming back …");
  });
  on("over", ({ code, reason }) => end(code === 1000 ? "" : reason, reason));
}

function listenToSound() {
  const on = (type, handle) => sound.addEventListener(type, ({ detail }) => handle(detail));
  on("frame", (frame) => session?.frame(frame));
  on("mark", (name) => session?.mark(name));
  on("bargeIn", (ms) => session?.measured("barge_in", ms));
  on("levels", ({ mic, desk }) => {
    if (mic !== undefined) $("level-mic").value = muted ? 0 : Math.min(1, mic * 4);
    if (desk !== undefined) $("level-desk").value = Math.min(1, desk * 1.5);
  });
  on("mic", ({ state, text }) => {
    micTrouble = text ?? "";
    tellTrouble(micTrouble);
    const tell = () => session?.mic(state);
    if (session?.isOpen) tell();
    else session?.addEventListener("welcome", tell, { once: true });
  });
}

/** Words that are not final are replaced by the next of the same speaker. */
function showWords({ who, text, final, heard }) {
  const list = $("words");
  const lines = [...list.querySelectorAll(`.${who}.interim`)];
  const known = who === "caller" ? lines.at(-1) : lines.find((line) => line.dataset.text === text || text.startsWith(line.dataset.text));
  const line = known ?? list.appendChild(document.createElement("li"));
  line.className = final ? who : `${who} interim`;
  line.dataset.text = text;
  const cut = heard !== undefined && heard.length < text.length;
  line.replaceChildren(cut ? heard : text);
  if (cut) {
    const unheard = document.createElement("s");
    unheard.textContent = text.slice(heard.length);
    line.append(unheard);
  }
  if (!line.textContent.trim()) line.remove();
  list.scrollTop = list.scrollHeight;
}

function setMuted(now) {
  muted = now;
  sound?.mute(muted);
  $("mute").setAttribute("aria-pressed", String(muted));
  session?.mic(muted ? "muted" : "live");
}

function end(trouble, reason = "") {
  sound?.close();
  [session, sound] = [null, null];
  showRunning(false);
  showState("over", trouble ? "The call did not work." : reason || "The call is over.");
  tellTrouble(trouble);
  for (const meter of document.querySelectorAll("meter")) meter.value = 0;
}

function showRunning(running) {
  $("talk").textContent = running ? "Hang up" : "Talk";
  $("talk").classList.toggle("on", running);
  $("mute").disabled = !running;
}

function showState(state, text) {
  window.frontdesk.state = state;
  document.body.dataset.state = state;
  $("doing").textContent = text;
}

function tellTrouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = !text;
}

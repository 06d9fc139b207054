// One voice session over a WebSocket: docs/browser-voice.md. Knows nothing of pages and of sound.

const VERSION = 1;
const HEADER_BYTES = 8;
const CODECS = { opus: 1, pcm16: 2 };

/** Pauses before each attempt at coming back, in milliseconds; the last one is repeated. */
const PAUSES_MS = [0, 500, 1000, 2000, 4000];

/** Frames that are kept while there is no socket: five seconds. */
const KEPT_FRAMES_MAX = 250;

/** Past this a socket is behind by a second of samples, and frames are dropped instead of queued. */
const BUFFERED_BYTES_MAX = 96000;

/** Codes after which coming back makes no sense. */
const FINAL_CODES = new Set([1000, 1009, 4400, 4401, 4403, 4404, 4406, 4409, 4429, 4503]);

/** Events: welcome, audio, mark, clear, words, doing, notice, lost, over. */
export class Session extends EventTarget {
  #url; #token; #audio; #socket = null; #ticket = null; #brokeAt = null; #tries = 0; #over = false; #bye = null;
  #sequence = 0; #kept = []; #welcome = null; #retry = null; #resumeMs = 30000;

  /** @param {string} url @param {string} token @param {{up: string, down: string, rate_hz: number}} audio */
  constructor(url, token, audio) {
    super();
    [this.#url, this.#token, this.#audio] = [url, token, audio];
  }

  get welcome() { return this.#welcome; }
  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN && this.#welcome !== null; }

  open() {
    const socket = new WebSocket(this.#url, ["frontdesk.voice.v1"]);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify(this.#hello()));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#read(data);
    socket.onclose = (close) => socket === this.#socket && this.#closed(close);
    this.#socket = socket;
    this.#welcome = null;
  }

  /** Sends one frame; keeps it where there is no socket. @param {Uint8Array} payload */
  frame(payload) {
    const message = new Uint8Array(HEADER_BYTES + payload.byteLength);
    message[0] = VERSION;
    message[1] = CODECS[this.#audio.up];
    new DataView(message.buffer).setUint32(4, this.#sequence++);
    message.set(payload, HEADER_BYTES);
    if (!this.isOpen) {
      this.#kept.push(message);
      if (this.#kept.length > KEPT_FRAMES_MAX) this.#kept.shift();
    } else if (this.#socket.bufferedAmount < BUFFERED_BYTES_MAX) {
      this.#socket.send(message);
    }
  }

  mark(name) { this.#say({ type: "mark", name }); }
  text(text) { this.#say({ type: "text", text }); }
  key(key) { this.#say({ type: "key", key }); }
  mic(state) { this.#say({ type: "mic", state }); }
  measured(what, ms) { this.#say({ type: "measured", what, ms }); }

  hangUp() {
    if (this.#over) return;
    this.#say({ type: "bye" });
    this.#end(1000, "You hung up.");
    this.#socket?.close(1000);
  }

  /** For tests: the socket breaks, as if the network had. */
  drop() { this.#socket?.close(4000); }

  #hello() {
    const hello = { type: "hello", version: VERSION, audio: this.#audio };
    return this.#ticket ? { ...hello, resume: this.#ticket } : { ...hello, token: this.#token };
  }

  #say(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #read(data) {
    if (data instanceof ArrayBuffer) {
      const codec = new DataView(data).getUint8(1);
      return this.#tell("audio", { payload: data.slice(HEADER_BYTES), codec: codec === CODECS.opus ? "opus" : "pcm16" });
    }
    const message = JSON.parse(data);
    if (message.type === "welcome") return this.#welcomed(message);
    if (message.type === "bye") this.#bye = message.reason;
    else this.#tell(message.type, message);
  }

  #welcomed(welcome) {
    this.#welcome = welcome;
    this.#ticket = welcome.resume;
    this.#resumeMs = welcome.resume_within_ms;
    [this.#brokeAt, this.#tries] = [null, 0];
    const kept = this.#kept.splice(0);
    if (welcome.resumed) kept.forEach((message) => this.#socket.send(message));
    this.#tell("welcome", welcome);
  }

  #closed({ code, reason }) {
    this.#welcome = null;
    if (this.#over) return;
    if (this.#bye !== null) return this.#end(1000, this.#bye);
    this.#brokeAt ??= performance.now();
    const late = performance.now() - this.#brokeAt > this.#resumeMs;
    if (FINAL_CODES.has(code) || !this.#ticket || late) return this.#end(code, reason || "The connection was lost.");
    this.#tell("lost", { code, reason });
    const pause = PAUSES_MS[Math.min(this.#tries++, PAUSES_MS.length - 1)];
    this.#retry = setTimeout(() => this.open(), pause);
  }

  #end(code, reason) {
    clearTimeout(this.#retry);
    this.#over = true;
    this.#tell("over", { code, reason });
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

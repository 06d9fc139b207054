// Runs on the audio thread: one processor takes the microphone, the other plays what we are sent.

const FRAME_MS = 20;

/** Louder than this for ten milliseconds may be a voice. Where the speaker is heard in the microphone it is raised. */
const VOICE_LEVEL = { first: 0.006, most: 0.1, raise: 1.6 };
const VOICE_MS = 10;

/** As long a pause makes what follows a new voice. */
const PAUSE_MS = 300;

/** How much is gathered before playing, in milliseconds: it grows when it was too little, and shrinks when it was enough. */
const BUFFER = { first: 60, least: 40, most: 200, more: 20, less: 10, steadyMs: 5000 };

/** A gap is filled by repeating the last period, fading, for so long. */
const CONCEALED_MS = 40;
const PERIOD_MS = 10;

/** Stopping in the middle of a wave would click. */
const FADE_MS = 2;

/** Posts frames of 20 ms, and what it hears of the microphone. */
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.frame = new Float32Array(Math.round(sampleRate * FRAME_MS / 1000));
    this.filled = 0;
    this.muted = false;
    this.loudMs = 0;
    this.quietMs = 0;
    this.onset = 0;
    this.voice = false;
    this.threshold = VOICE_LEVEL.first;
    this.port.onmessage = ({ data }) => {
      if (data.muted !== undefined) this.muted = data.muted;
      if (data.inVain) this.threshold = Math.min(this.threshold * VOICE_LEVEL.raise, VOICE_LEVEL.most);
    };
  }

  process([input]) {
    const samples = input[0] ?? new Float32Array(128);
    this.listen(samples);
    for (const sample of samples) {
      this.frame[this.filled++] = this.muted ? 0 : sample;
      if (this.filled === this.frame.length) this.post();
    }
    return true;
  }

  post() {
    let power = 0;
    for (const sample of this.frame) power += sample * sample;
    const level = Math.sqrt(power / this.frame.length);
    const frame = this.frame;
    this.frame = new Float32Array(frame.length);
    this.filled = 0;
    this.port.postMessage({ frame, level }, [frame.buffer]);
  }

  /** Tells when a voice begins, on the audio clock: what a barge-in is measured from. */
  listen(samples) {
    const ms = samples.length / sampleRate * 1000;
    const loud = !this.muted && samples.some((sample) => Math.abs(sample) > this.threshold);
    if (loud && this.loudMs === 0) this.onset = currentTime;
    this.loudMs = Math.max(0, this.loudMs + (loud ? ms : -ms / 2));
    if (loud && !this.voice && this.loudMs >= VOICE_MS) {
      this.voice = true;
      this.port.postMessage({ voiceAt: this.onset });
    }
    this.quietMs = loud ? 0 : this.quietMs + ms;
    if (this.quietMs > PAUSE_MS) this.voice = false;
  }
}

/** Plays samples in the order they came, marks among them; evens out how they arrive. */
class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.at = 0;
    this.queued = 0;
    this.playing = false;
    this.held = false;
    this.wantedMs = BUFFER.first;
    this.steadyMs = 0;
    this.concealing = 0;
    this.recent = new Float32Array(this.samples(PERIOD_MS));
    this.fade = null;
    this.underruns = 0;
    this.loudness = 0;
    this.sinceLevelMs = 0;
    this.port.onmessage = ({ data }) => this.take(data);
  }

  samples(ms) { return Math.round(sampleRate * ms / 1000); }

  take(message) {
    if (message.samples) {
      this.queue.push(message.samples);
      this.queued += message.samples.length;
    } else if (message.mark !== undefined) {
      this.queue.push(message.mark);
      if (this.queued === 0) this.passMarks();
    } else if (message.clear) {
      this.clear();
    } else if (message.hold !== undefined) {
      this.hold(message.hold);
    }
  }

  /** Falls silent and goes on later from the same place: whether the voice means us is decided elsewhere. */
  hold(held) {
    if (held && this.playing && !this.held) {
      this.fade = this.takeSome(this.samples(FADE_MS));
      this.port.postMessage({ silentAt: currentTime + FADE_MS / 1000 });
    }
    this.held = held;
  }

  /** What is not played is dropped; its marks go back at once. */
  clear() {
    if (this.playing && !this.held) this.fade = this.takeSome(this.samples(FADE_MS));
    for (const item of this.queue) if (typeof item === "string") this.port.postMessage({ mark: item });
    if (!this.held) this.port.postMessage({ silentAt: currentTime + FADE_MS / 1000 });
    [this.queue, this.at, this.queued, this.playing, this.held, this.concealing] = [[], 0, 0, false, false, 0];
  }

  process(_, [output]) {
    const out = output[0];
    out.fill(0);
    if (this.fade) this.playFade(out);
    if (!this.held) {
      if (!this.playing) this.start();
      if (this.playing) this.play(out);
    }
    for (let channel = 1; channel < output.length; channel++) output[channel].set(out);
    this.tellLevel(out);
    return true;
  }

  /** Playing starts with enough to go on with, or when that is all there will be. */
  start() {
    const waitedFor = this.queue.length > 0 && typeof this.queue.at(-1) === "string";
    if (this.queued >= this.samples(this.wantedMs) || (this.queued > 0 && waitedFor)) {
      this.playing = true;
      this.port.postMessage({ playingAt: currentTime });
    } else if (this.queued === 0) {
      this.passMarks();
    }
  }

  play(out) {
    const got = this.takeSome(out.length);
    out.set(got);
    if (got.length > 0) this.remember(got);
    if (got.length === out.length) {
      this.concealing = 0;
      return this.isSteady(out.length / sampleRate * 1000);
    }
    this.runDry(out, got.length);
  }

  /** Either all was said, which ends in a mark, or the next of it is late. */
  runDry(out, from) {
    if (this.saidAll || this.concealing >= this.samples(CONCEALED_MS)) {
      this.playing = false;
      this.concealing = 0;
      this.port.postMessage({ silentAt: currentTime });
      return;
    }
    if (this.concealing === 0) {
      this.underruns++;
      this.steadyMs = 0;
      this.wantedMs = Math.min(this.wantedMs + BUFFER.more, BUFFER.most);
      this.port.postMessage({ underruns: this.underruns, bufferMs: this.wantedMs });
    }
    const length = this.samples(CONCEALED_MS);
    for (let at = from; at < out.length; at++, this.concealing++) {
      out[at] = this.recent[this.concealing % this.recent.length] * Math.max(0, 1 - this.concealing / length);
    }
  }

  isSteady(ms) {
    this.steadyMs += ms;
    if (this.steadyMs > BUFFER.steadyMs) {
      this.steadyMs = 0;
      this.wantedMs = Math.max(this.wantedMs - BUFFER.less, BUFFER.least);
    }
  }

  /** Takes up to so many samples off the queue, and gives back the marks that stand before the next one. */
  takeSome(wanted) {
    const taken = new Float32Array(Math.min(wanted, this.queued));
    let filled = 0;
    while (filled < taken.length) {
      this.passMarks();
      const head = this.queue[0];
      const some = head.subarray(this.at, this.at + taken.length - filled);
      taken.set(some, filled);
      filled += some.length;
      this.at += some.length;
      this.saidAll = false;
      if (this.at === head.length) { this.queue.shift(); this.at = 0; }
    }
    this.queued -= filled;
    this.passMarks();
    return taken;
  }

  passMarks() {
    while (typeof this.queue[0] === "string") {
      this.port.postMessage({ mark: this.queue.shift() });
      this.saidAll = this.queued === 0;
    }
  }

  remember(samples) {
    const kept = this.recent.length;
    if (samples.length >= kept) return this.recent.set(samples.subarray(samples.length - kept));
    this.recent.copyWithin(0, samples.length);
    this.recent.set(samples, kept - samples.length);
  }

  playFade(out) {
    const fade = this.fade;
    for (let at = 0; at < Math.min(fade.length, out.length); at++) out[at] = fade[at] * (1 - at / fade.length);
    this.fade = null;
  }

  tellLevel(out) {
    for (const sample of out) this.loudness = Math.max(this.loudness * 0.9995, Math.abs(sample));
    this.sinceLevelMs += out.length / sampleRate * 1000;
    if (this.sinceLevelMs < 50) return;
    this.sinceLevelMs = 0;
    this.port.postMessage({ level: this.loudness });
  }
}

registerProcessor("capture", Capture);
registerProcessor("playback", Playback);

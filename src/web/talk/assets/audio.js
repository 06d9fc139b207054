// The page's sound: microphone in, speaker out, Opus where the browser has it.

const RATE_HZ = 48000;
const FRAME = 960;
const FRAME_US = 20000;

/** A voice while we play stops the sound at once; if nobody takes it for an interruption meanwhile, it goes on. */
const HELD_MS = 300;

/** Quieter than this, about -63 dB, for 200 ms is sent as silence: a frame without audio costs nobody anything. */
const QUIET = { level: 0.0007, frames: 10 };

/** What can be wrong with a microphone, for people. */
const TROUBLES = {
  NotAllowedError: "The microphone is not allowed. Allow it in the address bar, or type instead.",
  SecurityError: "The microphone is not allowed on this page. You can type instead.",
  NotFoundError: "There is no microphone. Plug one in and press Talk again, or type instead.",
  NotReadableError: "The microphone is in use by another program. Close that and press Talk again, or type instead.",
  insecure: "The microphone needs a secure page (https). You can type instead.",
};

/** The codec to speak and listen with. */
export async function bestCodec() {
  if (typeof AudioEncoder === "undefined" || typeof AudioDecoder === "undefined") return "pcm16";
  try {
    const [up, down] = await Promise.all([AudioEncoder.isConfigSupported(encoding(16000)), AudioDecoder.isConfigSupported(DECODING)]);
    return up.supported && down.supported ? "opus" : "pcm16";
  } catch {
    return "pcm16";
  }
}

const DECODING = { codec: "opus", sampleRate: RATE_HZ, numberOfChannels: 1 };

const encoding = (bitrate) => ({
  codec: "opus", sampleRate: RATE_HZ, numberOfChannels: 1, bitrate,
  opus: { application: "voip", signal: "voice", frameDuration: FRAME_US, complexity: 5 },
});

/**
 * Events: frame (Uint8Array), mark (name), mic (state, text), levels, bargeIn (ms), stats.
 * Without a microphone it sends silence, so that typing works all the same.
 */
export class Sound extends EventTarget {
  #context = null; #stream = null; #capture = null; #playback = null; #encoder = null; #decoder = null;
  #codec; #bitrate = 16000; #clock = 0; #silentMs = 0; #quietFrames = 0; #voiceAt = null; #playing = false; #generation = 0; #held = null;
  #packets = 0; #decoded = 0; #marks = [];
  stats = { underruns: 0, bufferMs: 0, bargeIn: [], framesUp: 0, framesDown: 0 };

  /** @param {string} codec */
  constructor(codec) {
    super();
    this.#codec = codec;
  }

  /** Opens speaker and microphone; must be called from a click. */
  async open() {
    this.#context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
    const resumed = this.#context.resume();
    await this.#context.audioWorklet.addModule(new URL("./audio-worklet-processor.js", import.meta.url));
    this.#playback = new AudioWorkletNode(this.#context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#playback.port.onmessage = ({ data }) => this.#played(data);
    this.#playback.connect(this.#context.destination);
    this.#capture = new AudioWorkletNode(this.#context, "capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    this.#capture.port.onmessage = ({ data }) => this.#captured(data);
    // A node that leads nowhere is not run everywhere.
    this.#capture.connect(this.#context.destination);
    await resumed;
    await this.#openMicrophone();
  }

  /** @param {{bitrate: number}} audio what the session is carried with */
  carry({ bitrate }) {
    this.#bitrate = bitrate;
    if (this.#codec !== "opus") return;
    this.#closeCodecs();
    this.#encoder = new AudioEncoder({ output: (chunk) => this.#encoded(chunk), error: () => this.#fallBack() });
    this.#encoder.configure(encoding(this.#bitrate));
    this.#newDecoder();
  }

  /** Plays one frame behind those before it. @param {ArrayBuffer} payload */
  play(payload, codec) {
    this.stats.framesDown++;
    if (codec === "pcm16") return this.#queue(floats(new Int16Array(payload)));
    if (!this.#decoder) return;
    const timestamp = this.stats.framesDown * FRAME_US;
    this.#packets++;
    this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data: payload }));
  }

  /** A mark behind all that was played so far: also behind what is still being decoded, packet for packet. */
  mark(name) {
    this.#marks.push({ name, behind: this.#packets });
    this.#passMarks();
  }

  clear() {
    clearTimeout(this.#held);
    this.#held = null;
    this.#generation++;
    this.#decoded = this.#packets;
    this.#passMarks();
    if (this.#codec === "opus" && this.#decoder) this.#newDecoder();
    this.#playback?.port.postMessage({ clear: true });
  }

  mute(muted) { this.#capture?.port.postMessage({ muted }); }

  close() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#closeCodecs();
    this.#context?.close();
    this.#context = null;
  }

  async #openMicrophone() {
    if (!navigator.mediaDevices) return this.#tell("mic", { state: "denied", text: TROUBLES.insecure });
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } },
      });
    } catch (error) {
      const text = TROUBLES[error.name] ?? `The microphone cannot be used (${error.name}). You can type instead.`;
      return this.#tell("mic", { state: "denied", text });
    }
    const [track] = this.#stream.getAudioTracks();
    track.onended = () => this.#tell("mic", { state: "lost", text: "The microphone was unplugged or taken away. Type, or hang up and talk again." });
    this.#context.createMediaStreamSource(this.#stream).connect(this.#capture);
    this.#tell("mic", { state: "live" });
  }

  #captured({ frame, level, voiceAt }) {
    if (voiceAt !== undefined) return this.#heardVoice(voiceAt);
    this.#tell("levels", { mic: level });
    this.#watchSilence(level);
    this.stats.framesUp++;
    this.#quietFrames = level < QUIET.level ? this.#quietFrames + 1 : 0;
    if (this.#quietFrames > QUIET.frames && (this.#encoder || this.#codec === "pcm16")) {
      this.#clock += FRAME_US;
      return this.#tell("frame", new Uint8Array());
    }
    if (this.#encoder?.state === "configured") this.#encode(frame);
    else if (this.#codec === "pcm16") this.#tell("frame", new Uint8Array(ints(frame).buffer));
  }

  #heardVoice(at) {
    if (!this.#playing || this.#held !== null) return;
    this.#voiceAt = at;
    this.#playback.port.postMessage({ hold: true });
    this.#held = setTimeout(() => {
      this.#held = null;
      this.#playback?.port.postMessage({ hold: false });
      this.#capture?.port.postMessage({ inVain: true });
    }, HELD_MS);
  }

  #encode(frame) {
    const data = new AudioData({
      format: "f32", sampleRate: RATE_HZ, numberOfFrames: FRAME, numberOfChannels: 1, timestamp: this.#clock, data: frame,
    });
    this.#clock += FRAME_US;
    this.#encoder.encode(data);
    data.close();
  }

  #encoded(chunk) {
    const packet = new Uint8Array(chunk.byteLength);
    chunk.copyTo(packet);
    this.#tell("frame", packet);
  }

  /** Zeros for five seconds are no quiet room, but a microphone that is switched off. */
  #watchSilence(level) {
    if (!this.#stream) return;
    const before = this.#silentMs;
    this.#silentMs = level === 0 ? before + 20 : 0;
    if (before < 5000 && this.#silentMs >= 5000) {
      this.#tell("mic", { state: "silent", text: "Nothing comes from the microphone. Is it muted or switched off?" });
    } else if (before >= 5000 && this.#silentMs === 0) {
      this.#tell("mic", { state: "live" });
    }
  }

  #played(message) {
    if (message.mark !== undefined) this.#tell("mark", message.mark);
    else if (message.level !== undefined) this.#tell("levels", { desk: message.level });
    else if (message.underruns !== undefined) Object.assign(this.stats, message);
    else if (message.playingAt !== undefined) this.#playing = true;
    else if (message.silentAt !== undefined) this.#fellSilent(message.silentAt);
  }

  #fellSilent(at) {
    this.#playing = this.#held !== null;
    if (this.#voiceAt === null) return;
    const ms = (at - this.#voiceAt) * 1000;
    this.#voiceAt = null;
    this.stats.bargeIn.push(ms);
    this.#tell("bargeIn", ms);
  }

  #newDecoder() {
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    const generation = this.#generation;
    const output = (data) => {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      data.close();
      if (generation !== this.#generation) return;
      this.#queue(samples);
      this.#decoded++;
      this.#passMarks();
    };
    const error = () => {
      this.#decoded = this.#packets;
      this.#passMarks();
      this.#newDecoder();
    };
    this.#decoder = new AudioDecoder({ output, error });
    this.#decoder.configure(DECODING);
  }

  #passMarks() {
    while (this.#marks[0]?.behind <= this.#decoded) this.#playback?.port.postMessage({ mark: this.#marks.shift().name });
  }

  #queue(samples) { this.#playback?.port.postMessage({ samples }, [samples.buffer]); }

  /** A codec that broke in the middle is made anew; the session goes on. */
  #fallBack() {
    if (this.#context) this.carry({ bitrate: this.#bitrate });
  }

  #closeCodecs() {
    for (const codec of [this.#encoder, this.#decoder]) if (codec && codec.state !== "closed") codec.close();
    [this.#encoder, this.#decoder] = [null, null];
  }

  #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }
}

const floats = (samples) => Float32Array.from(samples, (sample) => sample / 32768);
const ints = (samples) => Int16Array.from(samples, (sample) => Math.round(Math.max(-1, Math.min(1, sample)) * 32767));

// What a speech cache on Express and ioredis does for a phrase that is there: read the order, check the key, look the
// phrase up in Redis, sign its address, answer. Started with PORT, REDIS_URL, KEY and as many WORKERS as cores.
const cluster = require("node:cluster");
const crypto = require("node:crypto");
const express = require("express");
const Redis = require("ioredis");

const { PORT, REDIS_URL, KEY, WORKERS = "1" } = process.env;
const VOICE = "aura-2-thalia-en";
const SECRET = crypto.randomBytes(32);

if (cluster.isPrimary && Number(WORKERS) > 1) {
  for (let worker = 0; worker < Number(WORKERS); worker++) cluster.fork();
} else {
  serve();
}

function serve() {
  const redis = new Redis(REDIS_URL, { enableAutoPipelining: true });
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ type: "*/*", limit: "64kb" }));
  app.post("/call", async (request, response) => {
    const began = process.hrtime.bigint();
    if (!isKnown(request.get("authorization") ?? "")) return response.status(401).json({ detail: "send a key" });
    const { callId, text, format = "MULAW" } = request.body ?? {};
    if (!/^[\w.:@+-]{1,128}$/.test(callId ?? "") || typeof text !== "string" || !text.trim() || text.length > 3000) {
      return response.status(400).json({ detail: "fields cannot be used" });
    }
    const id = crypto.createHash("sha256").update(text.trim()).digest("hex");
    const looked = process.hrtime.bigint();
    const record = await redis.hget(`tts:${VOICE}:${id}`, format);
    const found = process.hrtime.bigint();
    if (!record) return response.status(404).json({ detail: "not there" });
    const expires = Math.floor(Date.now() / 1000) + 86400;
    const signature = crypto.createHmac("sha256", SECRET).update(`${id}.${format}.${expires}`).digest("hex");
    response.json({
      audioUrl: `http://127.0.0.1:${PORT}/audio/${id}?expires=${expires}&signature=${signature}`,
      cached: true,
      timings: {
        profile: 0, cache: ms(looked, found), tts: 0, upload: 0, provider: 0, total: ms(began, process.hrtime.bigint()),
      },
      voiceId: VOICE,
      played: false,
      bytes: JSON.parse(record).bytes,
    });
  });
  app.listen(Number(PORT), "127.0.0.1");
}

function isKnown(authorization) {
  const sent = crypto.createHash("sha256").update(authorization).digest();
  const known = crypto.createHash("sha256").update(`Bearer ${KEY}`).digest();
  return crypto.timingSafeEqual(sent, known);
}

function ms(from, to) {
  return Number(to - from) / 1e6;
}

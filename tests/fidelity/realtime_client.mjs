// Runs OpenAI's own Node client against the sandbox's Realtime API.
//
//     node tests/fidelity/realtime_client.mjs http://127.0.0.1:4010
//
// Needs the client (npm: openai, ws) in tests/fidelity/node_modules and a running sandbox; tests/fidelity/run sees to both.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';

const url = process.argv[2];
const client = new OpenAI({ apiKey: 'sandbox-key', baseURL: `${url}/v1`, maxRetries: 0 });
const pcmu = { type: 'audio/pcmu' };

/** A session that hears and speaks µ-law. */
async function opened() {
  // The client knows TLS only; the sandbox is on loopback.
  const plain = { createConnection: ({ host, port }) => net.connect(Number(port), host) };
  const session = new OpenAIRealtimeWS({ model: 'gpt-realtime-x', options: plain }, client);
  const created = next(session, 'session.created');
  await created;
  session.send({
    type: 'session.update',
    session: {
      type: 'realtime', output_modalities: ['audio'], instructions: 'Service haircut: a haircut, 30 minutes.',
      audio: {
        input: { format: pcmu, transcription: { model: 'gpt-4o-mini-transcribe' }, turn_detection: { type: 'server_vad', silence_duration_ms: 300 } },
        output: { format: pcmu, voice: 'marin' },
      },
    },
  });
  await next(session, 'session.updated');
  return session;
}

function next(session, kind) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no ${kind}`)), 10_000);
    session.on(kind, (event) => {
      clearTimeout(late);
      resolve(event);
    });
    if (kind !== 'error') session.on('error', reject);
  });
}

const checks = {
  async 'a turn is heard and answered aloud'() {
    const session = await opened();
    const audio = Buffer.concat([
      Buffer.alloc(4_000, 0xff), readFileSync(new URL('../../fixtures/utterances/parking.ulaw', import.meta.url)), Buffer.alloc(6_000, 0xff),
    ]);
    const [heard, done] = [next(session, 'conversation.item.input_audio_transcription.completed'), next(session, 'response.done')];
    let spoken = 0;
    session.on('response.output_audio.delta', ({ delta }) => { spoken += Buffer.from(delta, 'base64').length; });
    for (let at = 0; at < audio.length; at += 1_600) {
      session.send({ type: 'input_audio_buffer.append', audio: audio.subarray(at, at + 1_600).toString('base64') });
    }
    const { transcript } = await heard;
    if (transcript !== 'Do you have parking?') throw new Error(transcript);
    const { response } = await done;
    if (response.status !== 'completed' || spoken < 4_000) throw new Error(`${response.status}, ${spoken} bytes`);
    session.close();
  },
  async 'a mistake is told as an error'() {
    const session = await opened();
    const error = next(session, 'error');
    session.send({ type: 'response.cancel' });
    const told = await error;
    if (told.error?.code !== 'response_cancel_not_active') throw new Error(JSON.stringify(told));
    session.close();
  },
  async 'a page gets a key'() {
    const given = await client.realtime.clientSecrets.create({ session: { type: 'realtime', model: 'gpt-realtime-x' } });
    if (!given.value.startsWith('ek_')) throw new Error(JSON.stringify(given));
  },
};

for (const [name, check] of Object.entries(checks)) {
  try {
    await check();
    console.log(`ok  ${name}, in Node`);
  } catch (error) {
    console.log(`FAILED  ${name}, in Node: ${error}`);
    process.exitCode = 1;
  }
}
process.exit();

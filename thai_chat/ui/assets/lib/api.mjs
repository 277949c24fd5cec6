// The one client that speaks HTTP: questions to our own API, streams of events, and files that are sent.
import { emit } from './store.mjs';
import { t } from './texts.mjs';

/** @typedef {Record<string, unknown>} Query */

const ANSWER_MS = 15_000;
const FILE_MS = 600_000;
/** How long a question may take until it is stored. */
export const SEND_MS = 30_000;

/** The server said no, or nothing; `message` is for people. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {{ status?: number, code?: string, param?: string | null, after_s?: number | null, isSilent?: boolean }} [how]
   */
  constructor(message, { status = 0, code = '', param = null, after_s = null, isSilent = false } = {}) {
    super(message);
    /** The status of the answer, 0 when none came. */
    this.status = status;
    /** What kind of refusal it is, empty when the server gave no reason. */
    this.code = code;
    /** The option that it is about, if it is about one. */
    this.param = param;
    /** In how many seconds it may be asked again, where the server says it. */
    this.after_s = after_s;
    /** True when the server gave no reason; a caller may know a better word than `message`. */
    this.isSilent = isSilent;
  }

  /** True when the server may have done what it was asked for all the same. */
  get mayHaveArrived() { return this.status === 0 || this.status >= 500; }
}

/**
 * Return what an address of the API answers, null when it has nothing to say. Rejects with `Refused`, or with an
 * AbortError after `signal`. `isAsync` asks the server to answer as soon as the question is stored.
 *
 * @param {string} method
 * @param {string} path
 * @param {{ query?: Query, body?: unknown, signal?: AbortSignal, patience_ms?: number, isAsync?: boolean }} [how]
 * @returns {Promise<any>}
 */
export async function api(method, path, { query = {}, body, signal, patience_ms = ANSWER_MS, isAsync = false } = {}) {
  const response = await sent(method, address(path, query), { body, signal, patience_ms, isAsync });
  try {
    return response.status === 204 ? null : await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw silent();
  }
}

/** Return what an address answers, and let nothing happen meanwhile: for the one moment that waits for nobody. Throws `Refused`. @type {(path: string, query: Query) => any} */
export function apiAtOnce(path, query) {
  const request = new XMLHttpRequest();
  request.open('GET', address(path, query), false);
  try { request.send(); } catch { throw silent(); }
  if (request.status !== 200) throw refusal(request.status, request.responseText);
  return JSON.parse(request.responseText);
}

/** Return a file that is made for a POST, and the name that the server gives it. @type {(path: string, body: unknown) => Promise<{ file: Blob, name?: string }>} */
export async function apiFile(path, body) {
  const response = await sent('POST', address(path), { body, patience_ms: FILE_MS });
  const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  return { file: await response.blob(), name };
}

/** Return the address of `path`. Leaves out what is not asked for; a list names its parameter once for each. @type {(path: string, query?: Query) => URL} */
export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') url.searchParams.append(name, String(one));
  }
  return url;
}

/** Tell an address that the page is closing: nobody is left to hear the answer. @param {string} path */
export const apiAtLast = (path) => { navigator.sendBeacon(address(path)); };

/** Follow the server-sent events of an address; the browser connects anew by itself until `close` is called. @type {(path: string, query: Query) => EventSource} */
export const follow = (path, query) => new EventSource(address(path, query));

/**
 * Yield the events of a POST's answer, however long it takes. Rejects as `api` does.
 *
 * @param {string} path
 * @param {{ body: unknown, signal: AbortSignal }} how
 * @returns {AsyncGenerator<Told>}
 */
export async function* streamed(path, { body, signal }) {
  const response = await sent('POST', address(path), { body, signal, patience_ms: null });
  if (!response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const frames = new Frames();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield* frames.read(part.value);
  } finally {
    reader.cancel().catch(() => {}); // it may have ended by itself
  }
}

/**
 * Send files to an address that answers with events. `sent` is told which part of the files has gone (0 to 1), `heard`
 * each event. `answered` resolves at the answer's end and rejects with `Refused`, after `cancel` with an AbortError.
 *
 * @param {string} path
 * @param {File[]} files
 * @param {{ sent: (part: number) => void, heard: (event: Told) => void }} tell
 * @returns {{ answered: Promise<void>, cancel: () => void }}
 */
export function sendFiles(path, files, { sent: tellSent, heard }) {
  const request = new XMLHttpRequest(); // fetch does not say how much of a body it has sent
  const frames = new Frames();
  let read = 0;
  const hear = () => {
    if (request.status !== 200) return;
    const { responseText } = request;
    for (const event of frames.read(responseText.slice(read))) heard(event);
    read = responseText.length;
  };
  const answered = /** @type {Promise<void>} */ (new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => tellSent(loaded / total);
    request.upload.onload = () => tellSent(1);
    request.onprogress = hear;
    request.onload = () => {
      hear();
      if (request.status === 200) resolve();
      else reject(refusal(request.status, request.responseText));
    };
    request.onerror = () => reject(silent());
    request.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
  }));
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  request.open('POST', address(path));
  request.setRequestHeader('Accept', 'text/event-stream');
  request.send(form);
  return { answered, cancel: () => request.abort() };
}

/** Takes a stream of server-sent events in pieces that end anywhere. */
class Frames {
  #rest = '';

  /** Return the events that are whole with `text`. @type {(text: string) => Told[]} */
  read(text) {
    const frames = (this.#rest + text).split('\n\n');
    this.#rest = frames.pop() ?? '';
    return frames.flatMap((frame) => {
      const [, name] = /^event: (.*)$/m.exec(frame) ?? [];
      const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
      return name ? [{ name, body: JSON.parse(data) }] : [];
    });
  }
}

/**
 * Return an answer that is no refusal. `patience_ms` null waits for ever.
 *
 * @param {string} method
 * @param {URL} url
 * @param {{ body?: unknown, signal?: AbortSignal, patience_ms: number | null, isAsync?: boolean }} how
 */
async function sent(method, url, { body, signal, patience_ms, isAsync = false }) {
  const limits = [signal, patience_ms === null ? null : AbortSignal.timeout(patience_ms)].filter((limit) => limit instanceof AbortSignal);
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...(isAsync ? { Prefer: 'respond-async' } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any(limits),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    emit('unanswered');
    throw silent();
  }
  if (response.ok) return response;
  if (response.status === 401) emit('signed_out', { isAct: method !== 'GET' });
  throw refusal(response.status, await response.text().catch(() => ''), Number(response.headers.get('Retry-After')) || null);
}

/** @type {(status: number, text: string, after_s?: number | null) => Refused} */
function refusal(status, text, after_s = null) {
  try {
    const { code, message, param } = JSON.parse(text).error;
    return new Refused(message, { status, code, param, after_s });
  } catch {
    return silent(status);
  }
}

const silent = (status = 0) => new Refused(t('server_silent'), { status, isSilent: true });

/** Ask who asks: a session that is over is noticed by the answer. */
export const lookWhoAsks = () => { if (window.thaiChat.person) api('GET', 'api/me').catch(() => {}); };

/** Tell whether the server answers at all within a time. @param {number} patience_ms */
export const answers = (patience_ms) => api('GET', 'healthz', { patience_ms }).then(() => true, () => false);

const EVENT = '/gradio_api/run/';

/**
 * Answer Gradio's own request as it was answered last, when the server does not. Left without an answer, Gradio says so in
 * English, asks for the server again and again, and does nothing more, not even what needs no server.
 */
export function answerGradio() {
  const plain = window.fetch;
  let last = '{"data":[null]}';
  window.fetch = async (resource, how) => {
    if (!String(resource instanceof Request ? resource.url : resource).includes(EVENT)) return plain(resource, how);
    const response = await plain(resource, how).catch(() => null);
    if (response?.ok) last = await response.text().catch(() => last);
    return new Response(last, { headers: { 'Content-Type': 'application/json' } });
  };
}

/** @param {Error} error */
export const isAborted = (error) => error.name === 'AbortError';

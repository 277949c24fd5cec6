// Questions to our own API: the answer as it is, or an error whose text can be shown.
import { t } from './texts.mjs';

const ANSWER_MS = 15_000;
const FILE_MS = 600_000;

/** The server said no, or nothing; `message` is for people. */
export class Refused extends Error {
  constructor(message, status = 0, param = null) {
    super(message);
    this.status = status;
    /** The option that it is about, if it is about one. */
    this.param = param;
  }
}

/** What an address of the API answers, null when it has nothing to say. Aborting rejects with an AbortError. */
export async function api(method, path, { query = {}, body, signal } = {}) {
  const response = await sent(method, address(path, query), body, signal);
  if (response.ok) return response.status === 204 ? null : response.json();
  throw await refusal(response);
}

/** A file that is made for a POST, and the name that the server gives it. */
export async function apiFile(path, body) {
  const response = await sent('POST', address(path), body, null, FILE_MS);
  if (!response.ok) throw await refusal(response);
  const name = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
  return { file: await response.blob(), name };
}

/** Leaves out what is not asked for; a list names its parameter once for each. */
export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== null && one !== undefined && one !== '') url.searchParams.append(name, one);
  }
  return url;
}

async function sent(method, url, body, signal, patience_ms = ANSWER_MS) {
  const limit = AbortSignal.timeout(patience_ms);
  try {
    return await fetch(url, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refused(t('server_silent'));
  }
}

async function refusal(response) {
  try {
    const { message, param } = (await response.json()).error;
    return new Refused(message, response.status, param);
  } catch {
    return new Refused(t('server_silent'), response.status);
  }
}

export const isAborted = (error) => error.name === 'AbortError';

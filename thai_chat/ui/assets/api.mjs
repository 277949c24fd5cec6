// Questions to our own API: the answer as it is, or an error whose text can be shown.
import { t } from './texts.mjs';

const ANSWER_MS = 15_000;

/** The server said no, or nothing; `message` is for people. */
export class Refused extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }
}

/** What an address of the API answers, null when it has nothing to say. Aborting rejects with an AbortError. */
export async function api(method, path, { query = {}, body, signal } = {}) {
  const response = await sent(method, address(path, query), body, signal);
  if (response.ok) return response.status === 204 ? null : response.json();
  throw new Refused(await reason(response), response.status);
}

/** Leaves out what is not asked for. */
export function address(path, query = {}) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') url.searchParams.set(name, value);
  }
  return url;
}

async function sent(method, url, body, signal) {
  const limit = AbortSignal.timeout(ANSWER_MS);
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

async function reason(response) {
  try { return (await response.json()).error.message; } catch { return t('server_silent'); }
}

export const isAborted = (error) => error.name === 'AbortError';

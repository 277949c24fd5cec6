// The shapes that the server gives, the page's events, and what stands in the window. For checks only: nothing here runs.

type Status = 'streaming' | 'complete' | 'stopped' | 'interrupted' | 'failed';
type ShelfName = 'current' | 'archived' | 'trash';
type State = 'up' | 'slow' | 'loading' | 'quota' | 'down' | 'not_configured' | string;
type Options = Record<string, any>;

interface Choice { backend: string; model: string }

/** A reply that grows. */
interface Live extends Choice { message_id: string; waited_ms: number }

/** The shown session: `conversation/shown.mjs`. */
interface View {
  session_id: string;
  stored: boolean;
  /** True of a session that the server holds in memory alone. */
  is_temporary: boolean;
  /** True when the server was away for the session that the address names, which is kept for another try. */
  is_instead: boolean;
  name: string | null;
  shelf: ShelfName;
  options: Options;
  choice: Choice | null;
  live: Live | null;
  /** The replies that are compared with one of the session, while one of all of them grows. */
  also_live: (Live & { beside: string })[];
  has_earlier: boolean;
  has_later: boolean;
  target: string | null;
  /** The last message of the shown branch as far as the page knows, drawn or not; null when there is none, or later ones are not read. */
  newest: string | null;
  messages: ShownMessage[];
  notice: string | null;
}

/** A message of the shown session: what the API tells of it, looked at. */
interface ShownMessage extends Choice {
  message_id: string;
  order: number;
  role: 'user' | 'assistant';
  status: Status;
  text: string;
  parts: MessagePart[] | null;
  created_at: string;
  first_token_ms: number | null;
  latency_ms: number | null;
  prompt_tokens: number | null;
  tokens: number | null;
  reasoning_tokens: number | null;
  estimated: boolean;
  prompt_estimated: boolean;
  thought_estimated: boolean;
  cost: { usd: number; thb: number | null; estimated: boolean } | null;
  asked: Choice | null;
  begun_by: Choice[];
  options: Options | null;
  reasoning: string | null;
  reasoning_ms: number | null;
  problem: string | null;
  context: { sent: number; left_out: number; estimated: boolean; tokens: number; window: number | null } | null;
  versions: string[] | null;
  can_continue: boolean;
  is_cut: boolean;
  missing: Choice | null;
  rating: { value: number; tags: string[]; reason: string } | null;
  notices: { text: string }[];
}

/** `thai_chat/ui/picker.py`. */
interface BackendInfo {
  name: string;
  label: string;
  state: State;
  state_text: string;
  problem: string | null;
  default_model: string | null;
  servers: { up: number; count: number } | null;
  models: ModelInfo[];
}
interface ModelInfo {
  model: string;
  note: string | null;
  code?: string | null;
  state?: State;
  context_window?: number | null;
  /** Dollars for a million tokens. */
  price?: { input: number; output: number } | null;
  vision?: boolean;
  thinking?: boolean;
  /** What it is made for: 'thai', 'code', 'small'. */
  suggestions?: string | null;
}

/** `SessionBody` of the API; `at` is `updated_at` in milliseconds, once somebody has asked for it. */
interface Session extends Choice {
  temporary?: boolean;
  session_id: string;
  session_name: string;
  updated_at: string;
  running: boolean;
  pinned_at: string | null;
  archived_at: string | null;
  deleted_at: string | null;
  tags: string[];
  folder: string | null;
  at?: number;
}
interface SessionsPage { sessions: Session[]; next: string | null }
interface Labels { folders: Label[]; tags: Label[] }
interface Label { name: string; sessions: number }

/** A part of a message: `thai_chat/domain/parts.py`. */
interface MessagePart { type: string; [key: string]: any }

/** `MessageBody` of the API. */
interface MessageBody {
  message_id: string;
  parent_id: string | null;
  role: 'user' | 'assistant' | 'system';
  content: string;
  status: Status;
  message_order: number;
  backend: string | null;
  model: string | null;
  created_at: string;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  first_token_ms: number | null;
  latency_ms: number | null;
  reasoning_tokens: number | null;
  cost_usd: number | null;
  metadata: Record<string, any>;
  parts: MessagePart[] | null;
  problem: string | null;
  notices: { code: string; message: string }[];
}

/** `ChatBody` of the API: a reply that has ended; `response` is its content. */
type ChatBody = Omit<MessageBody, 'content' | 'role'> & { session_id: string; response: string };

/** `WindowBody` of the API. */
interface HistoryBody {
  session: Session & { options: Options, temporary: boolean };
  history: MessageBody[];
  siblings: Record<string, string[]>;
  live: Live | null;
  also_live: View['also_live'];
  has_earlier: boolean;
  has_later: boolean;
}

/** An event of `GET /api/changes`. */
interface Change { kind: 'changed' | 'began' | 'ended' | 'deleted'; session_id: string; reply_id?: string }

/** `AcceptedBody` of the API. */
interface Accepted extends Choice {
  session_id: string;
  message_id: string;
  question: MessageBody;
  also: (Choice & { message_id: string })[];
}

/** A result of `GET /api/search`: a message, or a session by its name. */
interface Found extends Partial<Choice> {
  session_id: string;
  message_id?: string;
  session_name: string;
  role?: string;
  created_at: string;
  updated_at: string;
  snippet?: string;
  hits: [number, number][];
}
interface FoundPage {
  results: Found[];
  sessions: Found[];
  next: string | null;
  suggestion: string | null;
  unindexed: number;
  memory: boolean;
}

interface Preset {
  preset_id: string;
  preset_name: string;
  options: Options;
  backend: string | null;
  model: string | null;
  is_default: boolean;
  is_shared: boolean;
  is_own: boolean;
}

/** `GET /api/me/limits`. */
interface Limit { what: string; used: number; limit: number | null; resets_at: string | null }

/** `GET /readyz`. */
interface Ready {
  database: { state: string; waiting: number; journal?: boolean; refused?: number; unindexed?: number };
  backends: Record<string, { state: State; models: string[]; model_states?: Record<string, State>; servers?: State[] }>;
}

/** The outcome of an import: the last event of `POST /api/import`. */
interface Imported {
  sessions: number;
  messages: number;
  extended: number;
  skipped: number;
  presets: number;
  former_defaults: number;
  programs: Program[];
  left_out: { code: string; file: string; message: string }[];
  left_out_count: number;
}
interface Program { name: string; sessions: number; extended: number; skipped: number; newest: { session_id: string; session_name: string }[] }

/** Counted uses of models: `GET /api/statistics`. */
interface Usage {
  sessions: number;
  messages: number;
  replies: number;
  prompt_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number;
  cost_usd: string | number;
  rated_up: number;
  rated_down: number;
  first_token: Times | null;
  latency: Times | null;
  backend: string;
  model: string;
  day: string;
}
interface Times { median_ms: number; p95_ms: number }
interface Counted {
  total: Usage;
  by_day: Usage[];
  by_model: Usage[];
  by_backend: Usage[];
  by_hour: { hour: number; messages: number }[];
  longest: { session_id: string; session_name: string; messages: number }[];
}
interface Asked {
  looked_at: number;
  questions: { key: string; text: string; count: number }[];
  words: { word: string; count: number }[];
}

/** A session, and a message, that a figure was counted of. */
interface CountedSession { session_id: string; session_name: string; messages: number; last_at: string }
interface CountedMessage extends Choice {
  session_id: string;
  message_id: string;
  session_name: string;
  role: string;
  text: string;
  created_at: string;
  [figure: string]: any;
}

/** `GET /api/me`. */
interface Me {
  user_id: string;
  name: string;
  display_name: string;
  role: 'user' | 'administrator';
  language: string | null;
  has_password: boolean;
  admin_reads_chats: boolean;
}

/** One event of a stream of server-sent events. */
interface Told { name: string; body: any }

/** An entry of a menu; '-' is a line, a text alone a heading. */
type MenuItem = '-' | string | {
  text: string;
  icon?: string;
  note?: string | null;
  checked?: boolean;
  danger?: boolean;
  act?: () => unknown;
  href?: string;
  download?: string;
  items?: MenuItem[];
};

/** The place of a part of the page. */
interface Part { element: HTMLElement }

/** The changes that rooms tell each other by `emit` and `on`. */
interface Changes {
  /** `isOther`: another session than before; `isFirst`: the first one since the page was opened. */
  view: { isOther: boolean; isFirst: boolean; how: 'opened' | 'refreshed' | 'extended' };
  changed: { follow?: boolean; shown_message_id?: string };
  accepted: Accepted;
  /** A reply is to be compared: with another model's, or with another version of itself. */
  compare: { message: ShownMessage, button: HTMLElement, isStored?: boolean };
  compared: undefined;
  temporary: undefined;
  renamed: Session;
  /** Another tab has changed sessions, or deleted them for good. */
  elsewhere: { put: Session[]; drop: string[] };
  print: { session_id: string };
  share: Pick<Session, 'session_id' | 'session_name'>;
  shelved: ShelfName;
  ready: Ready;
  /** What has changed in sessions, here or elsewhere; `anew` when nobody knows what. */
  told: Change[];
  anew: undefined;
  /** The same as soon as the browser hears of it, also where nobody looks. */
  heard: Change;
  missed: undefined;
  /** The server does not answer, or does again. */
  gone: undefined;
  back: undefined;
  /** A request got no answer. */
  unanswered: undefined;
  /** The server has a newer page. */
  outdated: undefined;
  choice: undefined;
  backends: undefined;
  /** The models that a person has marked, here or in another tab. */
  marks: undefined;
  busy: undefined;
  ended: undefined;
  /** A question was refused since a quota is used up. */
  limited: undefined;
  prepared: undefined;
  fetched: undefined;
  polled: undefined;
  imported: undefined;
  sessions: undefined;
  selection: undefined;
  place: undefined;
  presets: undefined;
  options: undefined;
  statistics: undefined;
  /** The page is about to be loaded anew, for the same session. */
  leaving: undefined;
  /** Who asks is not signed in any more; `isAct`: it is noticed by something that a person did. */
  /** What is known of who is signed in has changed. */
  me: undefined;
  signed_out: { isAct: boolean };
  /** The list of shortcuts is asked for. */
  shortcuts: undefined;
}

type Child = Node | string | number | null | undefined | false | readonly Child[];
type Props = Record<string, any>;

type Build = <K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props, ...children: Child[]) => HTMLElementTagNameMap[K];
interface Find {
  <K extends keyof HTMLElementTagNameMap>(selector: K, within?: ParentNode): HTMLElementTagNameMap[K];
  <E extends HTMLElement = HTMLElement>(selector: string, within?: ParentNode): E;
}

interface Window {
  /** `early.js`: the door that Gradio's events use. */
  thaiChat: {
    /** Which of its files the page runs; a server that is newer has another. */
    version: string;
    /** Where texts are that are fetched with what needs them. */
    texts: string;
    /** Who has opened the page; empty where nobody signs in. */
    person: string;
    /** How the names begin of what the browser keeps for this person. */
    own: string;
    /** Tell whether somebody else has signed in meanwhile. */
    isAnother: () => boolean;
    endLoading: () => void;
    /** Gradio has heard what models there are. */
    models: (said: string | null) => void;
    addressed: () => { session_id: string; message_id: string; is_new: boolean };
    send: () => void;
    stop: () => void;
    /** What was chosen for reading, by name; the first of the choices stands where nothing was. */
    look: (name: string, value: string | null) => void;
    looks: Readonly<Record<string, string>>;
    choices: Readonly<Record<string, readonly string[]>>;
  };
  /** Of the one language that the server chose for this reader. */
  thaiChatTexts: Record<string, Record<string, string>>;
  /** Each kind of backend by its name, in the order of the picker. */
  thaiChatBackends: Record<string, { label: string; options: string; effort: boolean; thinking: boolean }>;
  /** In the frame that draws diagrams alone. */
  mermaid: { initialize: (how: Record<string, unknown>) => void; render: (id: string, source: string) => Promise<{ svg: string }> };
  /** The most characters of a question, and of a system prompt. */
  thaiChatLimit: number;
  thaiChatPromptLimit: number;
  /** On the sign-in page alone: the most characters of names, and the fewest and the most of a password. */
  thaiChatSignIn: { name: number; display_name: number; password: [number, number] };
}

interface Navigator { userAgentData?: { platform: string } }

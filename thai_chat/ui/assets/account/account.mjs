// What people can do with their own account: name, language, password, where they are signed in, keys, limits.
import { api } from '../lib/api.mjs';
import { Panel } from '../lib/panel.mjs';
import { t } from '../lib/texts.mjs';
import { keysView } from './keys.mjs';
import { limitsView } from './limits.mjs';
import { profileView } from './profile.mjs';
import { signInsView } from './sign_ins.mjs';

let panel = /** @type {Panel | null} */ (null);

/** Show a part of the account. @param {string} part */
export function openAccount(part) {
  panel ??= new Panel('account', t('account'), [
    { name: 'profile', text: t('account_profile'), load: readProfile, view: profileView },
    { name: 'sign_ins', text: t('account_sign_ins'), load: () => api('GET', 'api/me/sign-ins'), view: signInsView },
    { name: 'keys', text: t('account_keys'), load: readKeys, view: keysView },
    { name: 'limits', text: t('account_limits'), load: () => api('GET', 'api/me/limits'), view: limitsView },
  ]);
  return panel.open(part);
}

/** Identities are one's own things alone where people have accounts. */
async function readProfile() {
  const [me, ways] = await Promise.all([api('GET', 'api/me'), api('GET', 'api/me/identities')]);
  return { me, ways };
}

/** What a key may be good for depends on whose it is. */
async function readKeys() {
  const [{ keys }, me] = await Promise.all([api('GET', 'api/keys'), api('GET', 'api/me')]);
  return { keys, me };
}

// What administrators look after: people, invitations, limits, models, costs, and the log of what was done.
import { api } from '../lib/api.mjs';
import { Panel } from '../lib/panel.mjs';
import { t } from '../lib/texts.mjs';
import { Audit } from './audit.mjs';
import { Costs } from './costs.mjs';
import { invitationsView } from './invitations.mjs';
import { peopleView } from './list.mjs';
import { modelsView } from './models.mjs';
import { quotasView } from './quotas.mjs';

let panel = /** @type {Panel | null} */ (null);

export function openPeople() {
  panel ??= made();
  return panel.open('people');
}

function made() {
  const audit = new Audit();
  const costs = new Costs();
  return new Panel('people', t('people'), [
    { name: 'people', text: t('people_list'), load: () => api('GET', 'api/people'), view: peopleView },
    { name: 'invitations', text: t('people_invitations'), load: () => api('GET', 'api/invitations'), view: invitationsView },
    { name: 'quotas', text: t('people_quotas'), load: withPeople('api/quotas'), view: quotasView },
    { name: 'models', text: t('people_models'), load: withPeople('api/model-rules'), view: modelsView },
    { name: 'costs', text: t('people_costs'), load: () => costs.load(), view: (data, shown) => costs.view(data, shown) },
    { name: 'audit', text: t('people_audit'), load: () => audit.load(), view: (data, shown) => audit.view(data, shown) },
  ]);
}

/** Rules name people by their ids. @param {string} path */
const withPeople = (path) => async () => {
  const [{ people }, rules] = await Promise.all([api('GET', 'api/people'), api('GET', path)]);
  return { people, ...rules };
};

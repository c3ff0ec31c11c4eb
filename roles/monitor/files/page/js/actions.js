// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** What an operator may do: said first, confirmed, done, and its outcome per node. */

import * as api from './api.js';
import { h } from './dom.js';
import { badge, problem } from './parts.js';

const where = (service) => (service ? ` in ${service}` : ' in every service');

const ACTIONS = {
    drain: {
        title: (action) => `Drain ${action.target}`,
        text: (action) => `Every director takes the weight of ${action.target}${where(action.service)} to 0: `
            + 'open connections go on, new ones go to the others. It stays so until it is restored.',
    },
    restore: {
        title: (action) => `Restore ${action.target}`,
        text: (action) => `${action.target} gets its declared weight${where(action.service)} again, `
            + 'and new connections with it.',
    },
    weight: {
        title: (action) => `Set the weight of ${action.target}`,
        text: (action) => `Every director gives ${action.target}${where(action.service)} this weight at once. `
            + 'The declared weight comes back when it is restored.',
    },
    switchover: {
        title: (action) => `Switch over from ${action.target}`,
        text: (action) => `${action.target} goes on standby and gives up its virtual addresses; another director takes `
            + 'them within about a second. It stays on standby until it is switched back.',
    },
    switchback: {
        title: (action) => `Switch back to ${action.target}`,
        text: (action) => `${action.target} ends its standby. Where its routers preempt, it takes the virtual `
            + 'addresses again.',
    },
    clear_cache: {
        title: (action) => `Clear the opcode cache of ${action.target === 'all' ? 'all web nodes' : action.target}`,
        text: () => 'Every script is compiled again at its next request: answers are slower for a moment.',
    },
};

const FORCIBLE = ['drain', 'weight'];

const dialog = () => document.getElementById('action');
const close = (text) => h('button', { type: 'button', 'data-close': true, autofocus: true }, text);

function show(...content) {
    dialog().replaceChildren(...content);
    dialog().querySelector('[autofocus]')?.focus();
}

const title = (action) => h('h2', { id: 'action-title' }, ACTIONS[action.action].title(action));

function weightField(declared) {
    return h('label', { class: 'field' }, 'Weight', h('input', {
        name: 'weight', type: 'number', min: 0, max: 65535, step: 1, required: true, value: declared,
    }));
}

const forceField = () => h('label', { class: 'field' },
    h('input', { name: 'force', type: 'checkbox', required: true }), 'Do it nevertheless');

/** Ask; ``refusal`` is what the service said to the last try. */
function confirm(action, declared, refusal) {
    const forcible = refusal?.status === 409 && FORCIBLE.includes(action.action);
    const form = h('form', { method: 'dialog' },
        title(action),
        h('p', null, ACTIONS[action.action].text(action)),
        refusal ? problem(refusal.message) : null,
        action.action === 'weight' ? weightField(action.weight ?? declared) : null,
        forcible ? forceField() : null,
        h('div', { class: 'buttons' }, close('Cancel'),
            h('button', { class: 'primary' }, refusal ? 'Try again' : ACTIONS[action.action].title(action))));
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        const weight = action.action === 'weight' ? { weight: form.elements.weight.valueAsNumber } : {};
        run({ ...action, ...weight, force: Boolean(form.elements.force?.checked) }, declared);
    });
    show(form);
}

async function run(action, declared) {
    const progress = h('p', { class: 'progress', role: 'status', tabindex: -1, autofocus: true }, 'Working …');
    show(title(action), progress);
    let answer;
    try {
        answer = await api.act(action);
    } catch (error) {
        confirm(action, declared, error);
        return;
    }
    show(title(action),
        h('p', { role: 'status' },
            badge(answer.ok ? 'ok' : 'fault', answer.ok ? 'done' : 'not done'), ` ${answer.text}`),
        h('ul', { class: 'results' }, (answer.results ?? []).map((one) => h('li', null,
            badge(one.ok ? 'ok' : 'down', one.ok ? 'ok' : 'failed'), h('b', null, one.node), ` ${one.text}`))),
        h('div', { class: 'buttons' }, close('Close')));
}

const declaredWeight = (state, action) => state.services
    .filter((service) => !action.service || service.name === action.service)
    .flatMap((service) => service.servers).find((server) => server.name === action.target)?.declared_weight ?? 1;

/** Let the buttons of the page open the dialog. */
export function actions(app) {
    document.addEventListener('click', (event) => {
        const button = event.target.closest('[data-act]');
        if (button) {
            const { act, target, service = '' } = button.dataset;
            const action = { action: act, target, service };
            confirm(action, declaredWeight(app.state, action));
            dialog().showModal();
        }
        if (event.target.closest('[data-close]')) event.target.closest('dialog').close();
    });
}

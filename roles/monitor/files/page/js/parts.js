// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Pieces that several views share. */

import { h, s } from './dom.js';
import { UNKNOWN, bytes } from './format.js';
import { icon } from './icons.js';
import { link } from './router.js';
import { tone, word } from './words.js';

export const badge = (state, text = word(state)) => h('span', { class: `badge ${tone(state)}` }, icon(state), text);

/** A figure's text, quiet where it is not known. */
export const figure = (text) => (text === UNKNOWN ? h('span', { class: 'none' }, text) : text);

export const facts = (rows) => h(
    'dl', null, rows.filter(Boolean).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
);

/** A cell with the column's name for a phone, where each row is a card. */
export const cell = (label, content, kind = '') => h(
    'td', { 'data-label': label, class: kind }, typeof content === 'string' ? figure(content) : content,
);
export const amount = (label, content) => cell(label, content, 'figure');

export const heads = (columns) => h('thead', null, h('tr', null, columns.map(
    ([name, kind]) => h('th', { scope: 'col', class: kind ?? '' }, name))));

export function memory(used, free) {
    if (typeof used !== 'number' || typeof free !== 'number') return figure(UNKNOWN);
    const all = used + free;
    return h('div', { class: 'memory' },
        s('svg', { class: 'meter', viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
            s('rect', { class: 'free', width: 100, height: 1 }),
            s('rect', { class: 'used', width: all ? (100 * used) / all : 0, height: 1 })),
        h('small', null, `${bytes(used)} of ${bytes(all)}`));
}

export const serverLink = (name) => h('a', { href: link('server', name) }, name);
export const directorLink = (name) => h('a', { href: link('director', name) }, name);

/** A button for an operator; a viewer sees none. */
export const button = (app, text, action) => app.state.role === 'operator' ? h('button', {
    type: 'button', 'data-act': action.action, 'data-target': action.target, 'data-service': action.service,
    disabled: app.fresh !== 'fresh',
    'aria-label': [text, action.target === 'all' ? '' : action.target, action.service ? `in ${action.service}` : '']
        .filter(Boolean).join(' '),
}, text) : null;

/** The actions that make sense for a server in its state. */
export function serverButtons(app, server, service) {
    const known = { target: server.name, service };
    const low = ['drained', 'updating', 'weighted'].includes(server.state);
    return [
        low ? button(app, 'Restore', { action: 'restore', ...known }) : null,
        server.state === 'drained' ? null : button(app, 'Drain', { action: 'drain', ...known }),
        button(app, 'Weight', { action: 'weight', ...known }),
    ];
}

/** Which span of time is shown. */
export const spans = (hours, choices) => h('div', { class: 'choice', role: 'group', 'aria-label': 'Span of time' },
    choices.map(([value, text]) => h(
        'button', { type: 'button', 'data-hours': value, 'aria-pressed': String(value === hours) }, text)));

export const section = (id, title, aside, ...content) => h('section', { 'aria-labelledby': id, 'data-key': id },
    h('div', { class: 'title' }, h('h2', { id }, title), aside), content);

export const note = (text) => h('p', { class: 'note' }, text);
export const problem = (text) => h('p', { class: 'problem', role: 'alert' }, text);

// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Web and storage nodes. */

import { h } from './dom.js';
import { UNKNOWN, number, percent, perSecond, span, whole } from './format.js';
import { amount, badge, button, cell, facts, figure, heads, memory, section, serverLink } from './parts.js';
import { word } from './words.js';

export const workers = (node) => node.workers_busy === null && node.workers_idle === null ? UNKNOWN
    : `${whole(node.workers_busy)} busy, ${whole(node.workers_idle)} idle`;

export const mounts = (node) => node.storage.length
    ? h('ul', { class: 'bare' }, node.storage.map(
        (share) => h('li', null, h('code', null, share.path), badge(share.state))))
    : h('span', { class: 'none' }, 'none');

/** The hit rate, or why there is none. */
export const hits = (node) => node.opcache === null ? UNKNOWN
    : node.opcache.enabled ? percent(node.opcache.hit_rate) : 'off';

const exporters = (node) => {
    const silent = Object.entries(node.exporters).filter(([, state]) => state !== 'ok');
    return silent.length ? h('ul', { class: 'bare' }, silent.map(
        ([name, state]) => h('li', null, badge(state, `${name} ${word(state)}`)))) : badge('ok');
};

const row = (app, node) => h('tr', { 'data-key': node.name },
    h('th', { scope: 'row' }, serverLink(node.name)),
    cell('Reach', badge(node.reach), 'badged'),
    amount('Requests', perSecond(node.requests_per_second)),
    amount('Connections', whole(node.connections)),
    amount('Load', number(node.load)),
    amount('Opcode hits', hits(node)),
    cell('Workers', workers(node), 'figure wide'),
    cell('Opcode memory', memory(node.opcache?.used_bytes, node.opcache?.free_bytes), 'wide'),
    cell('Storage', mounts(node), 'wide'),
    cell('Exporters', exporters(node), 'wide'),
    app.state.role === 'operator'
        ? h('td', { class: 'do' }, button(app, 'Clear cache', { action: 'clear_cache', target: node.name })) : null);

export const web = (app) => section('web', 'Web nodes',
    app.state.web.length > 1 ? button(app, 'Clear all caches', { action: 'clear_cache', target: 'all' }) : null,
    h('div', { class: 'scroll' }, h('table', { class: 'cards' },
        heads([
            ['Node'], ['Reach'], ['Requests', 'figure'], ['Connections', 'figure'], ['Load', 'figure'],
            ['Opcode hits', 'figure'], ['Workers', 'figure'], ['Opcode memory'], ['Storage'], ['Exporters'],
            ...(app.state.role === 'operator' ? [[h('span', { class: 'unseen' }, 'Actions')]] : []),
        ]),
        h('tbody', null, app.state.web.map((node) => row(app, node))))));

const store = (one) => h('article', { class: 'card', 'data-key': one.name },
    h('header', null, h('h3', null, one.name), badge(one.reach)),
    one.error ? h('p', { class: 'reason' }, one.error) : null,
    facts([
        ['Shares', h('code', null, one.shares.join(', '))],
        ['Load', figure(number(one.load))],
        ['Figures', one.age === null ? figure(UNKNOWN) : `${span(one.age)} old`],
    ]));

export const storage = (app) => app.state.storage.length
    ? section('storage', 'Storage', null, h('div', { class: 'deck' }, app.state.storage.map(store))) : null;

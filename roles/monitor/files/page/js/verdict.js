// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** The bar at the top: is it all right, and how old is what it says. */

import { h } from './dom.js';
import { span } from './format.js';
import { icon } from './icons.js';
import { tone, word } from './words.js';

/** {level, text}: the service's verdict while its data is fresh, else that it is not. */
export function verdict(app) {
    if (!app.state) return { level: 'unknown', text: app.fault ?? 'Asking the monitor …' };
    if (app.fresh === 'fresh') return app.state.verdict;
    return { level: 'unknown', text: `No data for ${span(app.age)}: what you see is old` };
}

export function verdictBar(app) {
    const { level, text } = verdict(app);
    return h('div', { class: `verdict ${tone(level)}` },
        h('p', { class: 'level' },
            icon(level, { width: 20, height: 20 }), h('b', null, level === 'ok' ? 'OK' : word(level))),
        h('p', { class: 'text' }, text),
        app.state ? h('p', { class: 'from' },
            app.fresh !== 'fresh' && app.fault ? h('span', null, app.fault) : null,
            h('span', null, `Data ${span(app.age)} old`),
            h('span', null, `served by ${app.state.node}`),
            h('span', null, `${app.state.user}, ${app.state.role}`)) : null);
}

const RANK = { critical: 0, warning: 1 };

const finding = (one) => h(
    'li', { class: tone(one.level), 'data-key': `${one.code} ${one.nodes.join(' ')} ${one.text}` },
    icon(one.level, { width: 16, height: 16 }),
    h('div', null,
        h('p', null, h('b', null, word(one.level)), ` ${one.text}`),
        one.remedy ? h('p', { class: 'remedy' }, one.remedy) : null));

export function findings(app) {
    const all = [...app.state.findings].sort((one, two) => RANK[one.level] - RANK[two.level]);
    if (!all.length) return null;
    return h('section', { class: 'findings', 'aria-label': 'Findings', 'data-key': 'findings' },
        h('ul', null, all.map(finding)));
}

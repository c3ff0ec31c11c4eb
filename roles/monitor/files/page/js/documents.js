// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** What is only read here: the rendered configuration and the last audit. */

import { differences } from './differences.js';
import { h } from './dom.js';
import { count, moment, span } from './format.js';
import { badge, heads, note, problem, section } from './parts.js';

function director(one, lines) {
    const own = lines.filter((line) => line.own).length;
    return h('article', { class: 'card', 'data-key': one.name },
        h('header', null, h('h3', null, one.name),
            one.error ? null : h('span', { class: 'aside' }, `${own ? count(own, 'line') : 'no line'} of its own`)),
        one.error ? problem(one.error) : h('pre', { tabindex: 0, 'aria-label': `keepalived.conf of ${one.name}` },
            lines.map((line) => [h(line.own ? 'mark' : 'span', null, line.text || ' '), '\n'])));
}

function configurations(app) {
    const { found, error } = app.asked.configuration ?? {};
    if (error) return problem(error);
    if (!found) return note('Asking …');
    const readable = found.directors.filter((one) => !one.error);
    const lines = differences(readable.map((one) => one.text));
    const of = new Map(readable.map((one, number) => [one.name, lines[number]]));
    return h('div', { class: 'deck broad' }, found.directors.map((one) => director(one, of.get(one.name) ?? [])));
}

export const configuration = (app) => section('configuration', 'keepalived.conf of each director',
    h('p', { class: 'aside' }, 'Read-only: it is made from the inventory. Marked lines are not on the others.'),
    configurations(app));

const finding = (one) => h('tr', null,
    h('th', { scope: 'row' }, one.node), h('td', null, one.subject),
    h('td', { class: 'what' }, one.words, one.remedy ? h('p', { class: 'remedy' }, one.remedy) : null));

const findings = (rows) => h('div', { class: 'scroll' }, h('table', { class: 'events' },
    heads([['Node'], ['Subject'], ['What']]), h('tbody', null, rows.map(finding))));

function drift(app) {
    const { found, error } = app.asked.audit ?? {};
    if (error) return problem(error);
    if (!found) return note('Asking …');
    if (!found.report) return note('Never audited: run lvs.ha_web.audit.');
    const wrong = found.report.findings ?? [];
    const known = found.report.information ?? [];
    return [
        h('p', { class: 'lead' },
            wrong.length ? badge('warning', count(wrong.length, 'finding')) : badge('ok', 'no drift'),
            ` ${moment(found.at)}, ${span(app.state.at - found.at)} ago`),
        wrong.length ? findings(wrong) : null,
        known.length ? [h('h3', null, 'For information'), findings(known)] : null,
    ];
}

export const audit = (app) => section('audit', 'Drift from the inventory',
    h('p', { class: 'aside' }, 'From the last run of lvs.ha_web.audit'), drift(app));

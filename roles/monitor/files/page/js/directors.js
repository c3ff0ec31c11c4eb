// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** A card per director. */

import { h } from './dom.js';
import { UNKNOWN, ago, number, span, whole } from './format.js';
import { badge, button, directorLink, facts, figure, section } from './parts.js';
import { directorState } from './words.js';

const HELD = { true: 'held', false: 'not held', null: UNKNOWN };
const YES = { true: 'yes', false: 'no', null: UNKNOWN };

const router = (one, now) => [
    [`Router ${one.name}`, badge(one.state)],
    ['since', figure(ago(one.since, now))],
    ['transitions', figure(whole(one.transitions))],
    ['priority', whole(one.priority)],
    ...one.vips.map((vip) => [
        vip.address, vip.held ? badge('held', 'VIP held') : figure(HELD[String(vip.held)]),
    ]),
];

const buttons = (app, director) => [
    director.standby ? button(app, 'Switch back', { action: 'switchback', target: director.name }) : null,
    !director.standby && directorState(director) === 'master'
        ? button(app, 'Switch over', { action: 'switchover', target: director.name }) : null,
];

export function directorCard(app, director, level = 'h3') {
    const synchronises = director.sync === null ? UNKNOWN : director.sync.join(' and ') || 'no';
    return h('article', { class: 'card', 'data-key': director.name },
        h('header', null,
            h(level, null, level === 'h3' ? directorLink(director.name) : director.name),
            badge(directorState(director)), h('span', { class: 'do' }, buttons(app, director))),
        director.error ? h('p', { class: 'reason' }, director.error) : null,
        facts([
            ...director.routers.flatMap((one) => router(one, app.state.at)),
            ['keepalived', badge(director.keepalived)],
            ['Standby', figure(YES[String(director.standby)])],
            ['Table beside the others', badge(director.table)],
            ['Connection sync', figure(synchronises)],
            ['Load', figure(number(director.load))],
            ['Figures', director.age === null ? figure(UNKNOWN) : `${span(director.age)} old`],
        ]));
}

export const directors = (app) => section('directors', 'Directors', null,
    h('div', { class: 'deck' }, app.state.directors.map((one) => directorCard(app, one))));

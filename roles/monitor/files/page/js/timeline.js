// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Failovers and actions on one time line. */

import { h, s } from './dom.js';
import { moment } from './format.js';
import { badge, heads, note, problem, section, spans } from './parts.js';
import { place } from './timeline-layout.js';
import { shorten } from './topology-layout.js';
import { tone } from './words.js';

const SHAPES = {
    vrrp: 'M0-6 6 5H-6Z',
    server: 'M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0',
    keepalived: 'M-5-5H5V5H-5Z',
    action: 'M0-6 6 0 0 6-6 0Z',
    refused: 'M-5-5 5 5M5-5-5 5',
};
const KINDS = { vrrp: 'failover', server: 'server', keepalived: 'keepalived', action: 'action', refused: 'refused' };

const shape = (kind, level, transform) => s(
    'path', { class: `mark ${kind} ${tone(level)}`, d: SHAPES[kind] ?? SHAPES.server, transform });

function graphic(app, events) {
    const found = place(events, app.hours, app.state.at, app.width);
    return s('svg', {
        class: 'line', viewBox: `0 0 ${app.width} ${found.height}`, width: app.width, height: found.height, role: 'img',
        'aria-label': `${events.length} events; the table below lists them`,
    },
    found.ticks.map((tick) => [
        s('line', { class: 'tick', x1: tick.x, x2: tick.x, y1: 4, y2: found.height - 20 }),
        s('text', { class: 'hour', x: tick.x, y: found.height - 5 }, tick.text),
    ]),
    found.lanes.map((lane) => [
        s('line', { class: 'lane', x1: found.left, x2: app.width, y1: lane.y, y2: lane.y }),
        s('text', { class: 'lane-name', x: 0, y: lane.y + 4 }, shorten(lane.name, 11)),
    ]),
    found.marks.map((mark) => s('g', null,
        s('title', null, `${moment(mark.event.at)} ${mark.event.node}: ${mark.event.text}`),
        shape(mark.event.kind, mark.event.level, `translate(${mark.x.toFixed(1)} ${mark.y})`))));
}

const row = (event, number) => h('tr', { 'data-key': `${event.at} ${event.node} ${number}` },
    h('td', { class: 'when' }, h('time', null, moment(event.at))),
    h('td', { class: 'kind' },
        s('svg', { class: 'sign', viewBox: '-8 -8 16 16', width: 14, height: 14, 'aria-hidden': 'true' },
            shape(event.kind, event.level, null)),
        KINDS[event.kind] ?? event.kind),
    h('td', { class: 'node-name' }, event.node),
    h('td', { class: 'what' }, event.level === 'info' ? null : badge(event.level), event.text),
    h('td', { class: 'who' }, event.user));

function content(app) {
    const { found, error } = app.asked.timeline ?? {};
    if (error) return problem(error);
    if (!found) return note('Asking …');
    if (!found.events.length) return note('Nothing happened in this span of time.');
    return [
        h('div', { class: 'card' }, graphic(app, found.events)),
        h('div', { class: 'scroll' }, h('table', { class: 'events' },
            heads([['Time'], ['Kind'], ['Node'], ['What'], ['Who']]),
            h('tbody', null, found.events.map(row)))),
    ];
}

export const timeline = (app) => section('timeline', 'Time line',
    spans(app.hours, [[1, '1 h'], [24, '24 h'], [168, '7 d']]), content(app));

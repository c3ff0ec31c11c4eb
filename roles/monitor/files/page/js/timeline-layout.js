// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Where each event stands on the time line: numbers only, no DOM. */

import { clock, moment } from './format.js';

const LANE = 30;
const TOP = 8;
const LEFT = 84;

const STEPS = [300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

/** Round moments between two, as few as ``room`` pixels hold. */
export function ticks(from, until, room) {
    const wanted = (until - from) / Math.max(2, room / 90);
    const step = STEPS.find((one) => one >= wanted) ?? 86400;
    const shift = new Date(until * 1000).getTimezoneOffset() * 60;
    const found = [];
    for (let at = Math.ceil((from - shift) / step) * step + shift; at <= until; at += step) {
        found.push({ at, text: step >= 86400 ? moment(at).slice(5, 10) : clock(at).slice(0, 5) });
    }
    return found;
}

/** {height, lanes, ticks, marks}: a lane per node, the newest at the right. */
export function place(events, hours, now, width) {
    const from = now - hours * 3600;
    const x = (at) => LEFT + ((at - from) / (now - from)) * (width - LEFT - 12);
    const nodes = [...new Set(events.map((event) => event.node))].sort();
    const y = (node) => TOP + nodes.indexOf(node) * LANE + LANE / 2;
    return {
        left: LEFT,
        height: TOP + nodes.length * LANE + 24,
        lanes: nodes.map((name) => ({ name, y: y(name) })),
        ticks: ticks(from, now, width - LEFT).map((tick) => ({ ...tick, x: x(tick.at) })),
        marks: events.filter((event) => event.at >= from && event.at <= now)
            .map((event) => ({ event, x: x(event.at), y: y(event.node) })),
    };
}

// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** The picture of the cluster as it is. */

import { s } from './dom.js';
import { icon } from './icons.js';
import { layout, shorten } from './topology-layout.js';
import { tone, word } from './words.js';

function edge(one) {
    const still = one.mount || one.flow === 0;
    const kind = one.mount ? 'mount' : one.flow === null ? 'unsure' : still ? 'idle' : `flow flow-${one.flow}`;
    const width = one.flow ? 1 + one.flow : 1.25;
    return [
        s('path', { class: `edge ${kind} ${tone(one.state)}`, 'data-key': one.key, d: one.d, 'stroke-width': width }),
        one.flow ? s('path', {
            class: `pulse flow-${one.flow} ${tone(one.state)}`, 'data-key': `${one.key} pulse`, d: one.d,
            'stroke-width': width,
        }) : null,
    ];
}

function node(one) {
    const letters = Math.floor((one.w - 40) / 7.4);
    const detail = one.detail.length <= letters + 3 ? one.detail : one.detail.split(' · ')[0];
    return s(
        one.link ? 'a' : 'g',
        {
            class: `node ${one.kind} ${tone(one.state)} is-${one.state}`, 'data-key': one.key, href: one.link,
            transform: `translate(${one.x} ${one.y})`,
            'aria-label': `${one.title}: ${one.detail}${one.held ? ', holds the virtual address' : ''}`,
        },
        s('title', null, `${one.title}: ${one.detail}`),
        s('rect', { class: 'box', width: one.w, height: one.h, rx: 6 }),
        s('rect', { class: 'edgewise', x: 0, y: 0, width: 4, height: one.h, rx: 2 }),
        one.kind === 'clients' ? null : icon(one.state, { x: 14, y: 10, width: 13, height: 13 }),
        s('text', { class: 'name', x: one.kind === 'clients' ? 14 : 33, y: 21 }, shorten(one.title, letters)),
        s('text', { class: 'detail', x: 14, y: 38 }, shorten(detail, letters + 3)),
        one.held ? s(
            'g', { class: 'held', transform: `translate(${one.w - 42} ${one.h - 20})` },
            s('rect', { width: 34, height: 14, rx: 7 }), s('text', { x: 17, y: 10.5 }, 'VIP'),
        ) : null,
    );
}

export function topology(state, width) {
    const { height, nodes, edges } = layout(state, width);
    return s(
        'svg',
        { class: 'topology', viewBox: `0 0 ${width} ${height}`, width, height, role: 'group', 'aria-label':
            `The cluster: ${nodes.map((one) => `${one.title} ${word(one.state)}`).join(', ')}` },
        edges.map(edge),
        nodes.map(node),
    );
}

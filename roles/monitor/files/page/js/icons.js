// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** One sign per state, on a grid of 12. */

import { s } from './dom.js';

const STROKES = {
    up: 'M2.5 6.5 5 9l4.5-6',
    down: 'M3 3l6 6M9 3l-6 6',
    drained: 'M6 2v6M3.5 5.5 6 8l2.5-2.5M2.5 10.5h7',
    updating: 'M10 6a4 4 0 1 1-1.4-3M10 1.5V4H7.5',
    weighted: 'M2 9.5h8M3.5 9.5v-3M6 9.5V2.5M8.5 9.5v-5',
    unknown: 'M4 4.2A2 2 0 1 1 6 6.3v1M6 9.6v.4',
    master: 'M6 1.5l1.4 3 3.2.4-2.4 2.2.7 3.3L6 8.8 3.1 10.4l.7-3.3L1.4 4.9l3.2-.4z',
    backup: 'M6 2.2l4 7.3H2z',
    standby: 'M4.2 3v6M7.8 3v6',
    fault: 'M6 1.5v5M6 9.6v.4',
    held: 'M2 4.5 6 2l4 2.5v3L6 10 2 7.5z',
};

const SAME = {
    ok: 'up', equal: 'up', gone: 'down', stopped: 'down', differs: 'fault', critical: 'down', warning: 'fault',
    info: 'backup',
};

/** The sign of a state; ``place`` are SVG's own x, y, width and height. */
export function icon(state, place = {}) {
    const strokes = STROKES[SAME[state] ?? state] ?? STROKES.unknown;
    return s(
        'svg',
        { class: 'icon', viewBox: '0 0 12 12', width: 12, height: 12, 'aria-hidden': 'true', ...place },
        s('path', { d: strokes }),
    );
}

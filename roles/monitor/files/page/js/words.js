// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** What each state is called and which sign it has: each can be told without its colour. */

const WORDS = {
    up: ['up', 'good'],
    weighted: ['weighted', 'fair'],
    drained: ['drained', 'quiet'],
    updating: ['updating', 'busy'],
    down: ['down', 'bad'],
    unknown: ['unknown', 'unsure'],
    master: ['master', 'good'],
    backup: ['backup', 'calm'],
    standby: ['standby', 'quiet'],
    fault: ['fault', 'bad'],
    stopped: ['stopped', 'bad'],
    ok: ['ok', 'good'],
    held: ['held', 'good'],
    gone: ['gone', 'bad'],
    equal: ['equal', 'good'],
    differs: ['differs', 'bad'],
    warning: ['warning', 'fair'],
    critical: ['critical', 'bad'],
    info: ['info', 'calm'],
};

/** The tone of a state, which style.css turns into colours. */
export const tone = (state) => (WORDS[state] ?? WORDS.unknown)[1];
export const word = (state) => (WORDS[state] ?? WORDS.unknown)[0];

/** A director in one word: the worst that is true of it, else what its routers are. */
export function directorState(director) {
    if (director.reach !== 'ok') return director.reach;
    if (director.keepalived !== 'up') return director.keepalived;
    const states = new Set(director.routers.map((router) => router.state));
    for (const state of ['fault', 'stopped', 'unknown', 'master']) if (states.has(state)) return state;
    return director.standby ? 'standby' : states.size ? 'backup' : 'unknown';
}

const WORST_FIRST = ['down', 'unknown', 'updating', 'drained', 'weighted', 'up'];

/** The worst of several states of one server. */
export const worst = (states) => WORST_FIRST.find((state) => states.includes(state)) ?? 'unknown';
export const byTrouble = (one, two) => WORST_FIRST.indexOf(one.state) - WORST_FIRST.indexOf(two.state);

// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** The live state: a stream, and where it is refused polls; both come back by themselves. */

import * as api from './api.js';

const SILENCE = 6000; // a tick comes every 2 s
const POLL = 5000;
const POLLS = 6; // then the stream is tried again
const PAUSE = 500;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Follow the stream until it ends; return whether it was refused rather than lost. */
function follow(tick) {
    return new Promise((resolve) => {
        const source = new EventSource('api/stream');
        let watch;
        const end = (refused) => {
            clearTimeout(watch);
            source.close();
            resolve(refused);
        };
        // A connection to a director that has died hangs without an error.
        const listen = () => {
            clearTimeout(watch);
            watch = setTimeout(end, SILENCE, false);
        };
        source.addEventListener('state', (event) => {
            listen();
            tick(JSON.parse(event.data), false);
        });
        source.addEventListener('error', () => end(source.readyState === EventSource.CLOSED));
        listen();
    });
}

/**
 * Call ``tick(state, polling)`` with each state and ``fail(words)`` when the service says no, for ever.
 */
export async function live(tick, fail) {
    const poll = async () => {
        try {
            tick(await api.state(), true);
        } catch (error) {
            fail(error.message);
        }
    };
    for (;;) {
        if (await follow(tick)) {
            for (let times = 0; times < POLLS; times += 1) {
                await poll();
                await pause(POLL);
            }
        } else {
            await pause(PAUSE);
        }
    }
}

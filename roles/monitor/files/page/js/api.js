// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** What the service is asked. Each question has a time-out: a dead director answers nothing at all. */

export class Refused extends Error {
    constructor(status, text) {
        super(text);
        this.status = status;
    }
}

async function ask(path, seconds, options = {}) {
    let answer;
    let found;
    try {
        answer = await fetch(path, { signal: AbortSignal.timeout(seconds * 1000), cache: 'no-store', ...options });
        found = await answer.json().catch(() => ({}));
    } catch (error) {
        const words = error.name === 'TimeoutError' ? `does not answer within ${seconds} s` : 'cannot be reached';
        throw new Refused(0, `The monitor ${words}. Try again; if it stays so, open the page of another director.`);
    }
    if (answer.ok) return found;
    const plain = answer.status === 401 ? 'You are not logged in any more. Load the page again.'
        : `The monitor answers with status ${answer.status}. Look at its journal: journalctl -u ha-web-monitor`;
    throw new Refused(answer.status, typeof found.error === 'string' ? found.error : plain);
}

export const state = () => ask('api/state', 4);
export const timeline = (hours) => ask(`api/timeline?hours=${hours}`, 15);
export const history = (query) => ask(`api/history?${new URLSearchParams(query)}`, 15);
export const configuration = () => ask('api/configuration', 15);
export const audit = () => ask('api/audit', 15);

/** Do what an operator has confirmed. Drains wait for the kernels, so it may take a while. */
export async function act(action) {
    const { token } = await ask('api/token', 5);
    return ask('api/actions', 30, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-HA-Web-Action': '1' },
        body: JSON.stringify({ service: '', ...action, token }),
    });
}

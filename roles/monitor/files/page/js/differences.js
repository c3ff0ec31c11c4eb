// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Which lines of a text another text lacks. */

/** For each text its lines as {text, own}: own is true where another text has no such line (left). */
export function differences(texts) {
    const lines = texts.map((text) => text.split('\n'));
    const counted = lines.map((all) => {
        const amounts = new Map();
        for (const line of all) amounts.set(line, (amounts.get(line) ?? 0) + 1);
        return amounts;
    });
    return lines.map((all, mine) => {
        const seen = new Map();
        return all.map((text) => {
            const amount = (seen.get(text) ?? 0) + 1;
            seen.set(text, amount);
            return { text, own: counted.some((other, number) => number !== mine && (other.get(text) ?? 0) < amount) };
        });
    });
}

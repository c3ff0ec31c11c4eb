// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Figures and times in words. What is not known is called so, and is never 0. */

export const UNKNOWN = 'unknown';

const known = (value) => typeof value === 'number' && Number.isFinite(value);

/** At most three digits that matter: 0.42, 4.2, 42, 4 200. */
export function number(value) {
    if (!known(value)) return UNKNOWN;
    const size = Math.abs(value);
    const digits = size === 0 || size >= 100 ? 0 : size >= 10 ? 1 : 2;
    const text = Number(value.toFixed(digits)).toString();
    return text.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

/** A figure that is always whole. */
export const whole = (value) => (known(value) ? number(Math.round(value)) : UNKNOWN);

export const perSecond = (value) => (known(value) ? `${number(value)}/s` : UNKNOWN);

export function bytes(value) {
    if (!known(value)) return UNKNOWN;
    const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
    let size = value;
    let unit = 0;
    while (Math.abs(size) >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit += 1;
    }
    return `${number(size)} ${units[unit]}`;
}

export const percent = (ratio) => (known(ratio) ? `${(ratio * 100).toFixed(1)} %` : UNKNOWN);

/** A span of seconds: 4 s, 3 min, 2 h 5 min, 6 d 3 h. */
export function span(seconds) {
    if (!known(seconds)) return UNKNOWN;
    const all = Math.max(0, Math.round(seconds));
    if (all < 60) return `${all} s`;
    const minutes = Math.floor(all / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    const days = Math.floor(hours / 24);
    return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** How long ago ``since`` was at ``now``, both in the servers' clock. */
export const ago = (since, now) => (known(since) && known(now) ? span(now - since) : UNKNOWN);

const two = (value) => String(value).padStart(2, '0');

export function clock(unix) {
    if (!known(unix)) return UNKNOWN;
    const at = new Date(unix * 1000);
    return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

export function moment(unix) {
    if (!known(unix)) return UNKNOWN;
    const at = new Date(unix * 1000);
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(unix)}`;
}

/** By the unit that the service gives with a history. */
export function inUnit(value, unit) {
    if (!known(value)) return UNKNOWN;
    if (unit === 'ratio') return percent(value);
    if (unit === 'bytes') return bytes(value);
    if (unit === 'bytes/s') return `${bytes(value)}/s`;
    return unit.endsWith('/s') ? perSecond(value) : number(value);
}

/** "1 server", "3 servers". */
export const count = (amount, noun) => `${whole(amount)} ${noun}${amount === 1 ? '' : 's'}`;

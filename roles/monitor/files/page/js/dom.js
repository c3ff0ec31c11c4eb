// SPDX-License-Identifier: GPL-3.0-or-later
// SPDX-FileCopyrightText: The lvs.ha_web authors
/** Elements from plain values, and a tree brought up to date without losing focus or place. */

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value === null || value === undefined || value === false) continue;
        element.setAttribute(name, value === true ? '' : String(value));
    }
    // Text alone: nothing of what a node says becomes markup.
    element.append(...children.flat(Infinity).filter((child) => ![null, undefined, false].includes(child)));
    return element;
}

export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
export const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

const sameKind = (one, two) =>
    one.nodeType === two.nodeType &&
    one.nodeName === two.nodeName &&
    (one.nodeType !== Node.ELEMENT_NODE || one.getAttribute('data-key') === two.getAttribute('data-key'));

function attributes(old, wanted) {
    for (const { name } of [...old.attributes]) {
        // Whether it is open is the reader's choice.
        if (!wanted.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    }
    for (const { name, value } of wanted.attributes) {
        if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
}

/** Make the children of ``old`` those of ``wanted``. What has data-keep looks after its own. */
export function update(old, wanted) {
    const coming = [...wanted.childNodes];
    let place = old.firstChild;
    for (const child of coming) {
        let found = place;
        const key = child.nodeType === Node.ELEMENT_NODE ? child.getAttribute('data-key') : null;
        // What has moved up in a list is found by its key.
        if (key !== null) while (found && !sameKind(found, child)) found = found.nextSibling;
        if (found && sameKind(found, child)) {
            if (found !== place) old.insertBefore(found, place);
            else place = place.nextSibling;
            if (child.nodeType !== Node.ELEMENT_NODE) {
                if (found.data !== child.data) found.data = child.data;
            } else if (!found.hasAttribute('data-keep')) {
                attributes(found, child);
                update(found, child);
            }
        } else {
            old.insertBefore(child, place);
        }
    }
    while (place) {
        const next = place.nextSibling;
        place.remove();
        place = next;
    }
}
